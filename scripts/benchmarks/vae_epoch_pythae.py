"""pythae's trainer of the VAE benchmark: its own VAE, encoder and decoder of the same sizes, nothing saved."""

import sys
import time

import torch
from overhead_timer import write
from pythae.data.datasets import BaseDataset
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from pythae.trainers.training_callbacks import TrainingCallback
from torch import nn
from vae_epoch_data import BATCH, PIXELS, pictures

epochs, folder = int(sys.argv[1]), sys.argv[2]
torch.manual_seed(0)
torch.set_num_threads(1)


class Encoder(BaseEncoder):
    """784-400-(40, 40), on pictures made black and white anew."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(PIXELS, 400), nn.ReLU())
        self.mean, self.log_variance = nn.Linear(400, 40), nn.Linear(400, 40)

    def forward(self, x):
        """Mean and log σ²."""
        h = self.body(torch.bernoulli(x.flatten(1)))
        return ModelOutput(embedding=self.mean(h), log_covariance=self.log_variance(h))


class Decoder(BaseDecoder):
    """40-400-784 to probabilities."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(40, 400), nn.ReLU(), nn.Linear(400, PIXELS), nn.Sigmoid())

    def forward(self, z):
        """Probabilities in the shape of pictures."""
        return ModelOutput(reconstruction=self.body(z).reshape(-1, 1, 28, 28))


class Watch(TrainingCallback):
    """When the first epoch ended, and how many steps came after it."""

    def __init__(self) -> None:
        self.settled, self.steps = 0.0, 0

    def on_train_step_end(self, training_config, **rest):
        """One step more."""
        self.steps += bool(self.settled)

    def on_epoch_end(self, training_config, **rest):
        """The first one does not count."""
        self.settled = self.settled or time.process_time()


watch = Watch()
model = VAE(
    VAEConfig(input_dim=(1, 28, 28), latent_dim=40, reconstruction_loss="bce"), encoder=Encoder(), decoder=Decoder()
)
config = BaseTrainerConfig(
    output_dir=folder,
    num_epochs=epochs,
    per_device_train_batch_size=BATCH,
    learning_rate=1e-3,
    optimizer_cls="Adam",
    optimizer_params={"fused": True},
    no_cuda=True,
)
data = pictures().reshape(-1, 1, 28, 28)
trainer = BaseTrainer(
    model=model,
    train_dataset=BaseDataset(data, torch.zeros(len(data))),
    training_config=config,
    callbacks=[watch],
)
trainer.train()
write(0.0, settled=watch.settled, steps=max(watch.steps, 1))
