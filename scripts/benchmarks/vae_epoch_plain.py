"""The plain torch loop of the VAE benchmark, as one would write it by hand."""

import sys
import time

import torch
from overhead_timer import write
from torch import nn
from torch.nn import functional as F
from vae_epoch_data import BATCH, PIXELS, pictures

epochs = int(sys.argv[1])
torch.manual_seed(0)
torch.set_num_threads(1)
x = pictures()
encoder = nn.Sequential(nn.Linear(PIXELS, 400), nn.ReLU(), nn.Linear(400, 80))
decoder = nn.Sequential(nn.Linear(40, 400), nn.ReLU(), nn.Linear(400, PIXELS))
parameters = [*encoder.parameters(), *decoder.parameters()]
optimizer = torch.optim.Adam(parameters, lr=1e-3, fused=True)
settled, steps, before = 0.0, 0, 0
for _ in range(epochs):
    order = torch.randperm(len(x))
    for start in range(0, len(x), BATCH):
        batch = torch.bernoulli(x[order[start : start + BATCH]])
        mean, log_std = encoder(batch).chunk(2, dim=1)
        z = mean + log_std.exp() * torch.randn_like(mean)
        reconstruction = F.binary_cross_entropy_with_logits(decoder(z), batch, reduction="sum")
        kl = 0.5 * (mean.square() + (2 * log_std).exp() - 1 - 2 * log_std).sum()
        loss = (reconstruction + kl) / len(batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        steps += 1
    if not settled:
        settled, before = time.process_time(), steps
write(0.0, settled=settled, steps=steps - before)
