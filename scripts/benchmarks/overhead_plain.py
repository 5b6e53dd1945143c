"""The plain torch loop of the overhead benchmark, as one would write it by hand."""

import sys
import time

import lightning  # noqa: F401  (the comparison is with `import torch, lightning` and a plain loop)
import torch
from overhead_common import make
from overhead_timer import write

case, epochs = sys.argv[1], int(sys.argv[2])
torch.manual_seed(0)
torch.set_num_threads(1)
x, y, net, criterion = make(case)
optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=1e-2, fused=True)
first, settled, steps, before = 0.0, 0.0, 0, 0
for _ in range(epochs):
    order = torch.randperm(len(x))
    for start in range(0, len(x), 64):
        rows = order[start : start + 64]
        optimizer.zero_grad()
        loss = criterion(net(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
        steps += 1
        if not first:
            first = time.process_time()
    if not settled:
        settled, before = time.process_time(), steps
write(first, settled=settled, steps=steps - before)
