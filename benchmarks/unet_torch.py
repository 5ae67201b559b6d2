"""The U-Net of `diffinfo/nn/unet.py` in PyTorch, and a function that takes some training steps of
it, for `images.py`.

Channels last, fused Adam, as many threads as cores; `compiled` asks for torch.compile.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from diffinfo.nn.embed import FASTEST, SLOWEST


class Block(nn.Module):
    def __init__(self, c_in, c_out, features, attends):
        super().__init__()
        self.norm_in, self.norm_out = norm(c_in), norm(c_out)
        self.conv_in = nn.Conv2d(c_in, c_out, 3, padding=1)
        self.conv_out = nn.Conv2d(c_out, c_out, 3, padding=1)
        nn.init.zeros_(self.conv_out.weight)
        self.modulation = nn.Linear(features, 2 * c_out)
        self.skip = nn.Conv2d(c_in, c_out, 1) if c_in != c_out else nn.Identity()
        self.attention = Attention(c_out) if attends else nn.Identity()

    def forward(self, h, embedding):
        scale, shift = self.modulation(embedding)[:, :, None, None].chunk(2, 1)
        update = self.norm_out(self.conv_in(F.silu(self.norm_in(h))))
        update = self.conv_out(F.silu(update * (1 + scale) + shift))
        return self.attention(self.skip(h) + update)


class Attention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = norm(channels)
        self.query_key_value = nn.Conv2d(channels, 3 * channels, 1)
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(self, h):
        rows = self.query_key_value(self.norm(h)).flatten(2).transpose(1, 2)
        attended = F.scaled_dot_product_attention(*rows.unsqueeze(1).chunk(3, -1))
        return h + self.out(attended.squeeze(1).transpose(1, 2).reshape(h.shape))


def norm(channels):
    groups = next(g for g in (8, 4, 2, 1) if channels % g == 0)
    return nn.GroupNorm(groups, channels, eps=1e-6)


class UNet(nn.Module):
    """One block for each width on the way down, one in the middle, one for each on the way up."""

    def __init__(self, shape, classes, patch, channels, attention, embedding):
        super().__init__()
        self.patch, self.classes = patch, classes
        waves = torch.tensor(np.geomspace(SLOWEST, FASTEST, 32), dtype=torch.float32)
        self.register_buffer("waves", waves)
        self.level = nn.Sequential(
            nn.Linear(64, embedding), nn.SiLU(), nn.Linear(embedding, embedding), nn.SiLU()
        )
        self.label = nn.Embedding(classes + 1, embedding)
        self.condition_in = nn.Linear(embedding, embedding)
        self.first = nn.Conv2d(shape[2] * patch**2, channels[0], 3, padding=1)

        def block(c_in, c_out, stage):
            return Block(c_in, c_out, embedding, -(-shape[0] // patch) // 2**stage in attention)

        widths = [channels[0], *channels]
        self.down = nn.ModuleList(block(widths[i], c, i) for i, c in enumerate(channels))
        self.middle = block(channels[-1], channels[-1], len(channels) - 1)
        current, up = channels[-1], []
        for i, width in reversed(list(enumerate(channels))):
            up.append(block(current + width, width, i))
            current = width
        self.up = nn.ModuleList(up)
        self.last_norm = norm(2 * channels[0])
        self.last = nn.Conv2d(2 * channels[0], shape[2] * patch**2, 3, padding=1)

    def forward(self, z, lam, y, present):
        phase = lam[:, None] * self.waves
        level = self.level(torch.cat([phase.sin(), phase.cos()], 1))
        condition = self.label(torch.where(present, y, self.classes))
        embedding = F.silu(level + self.condition_in(condition))
        h = self.first(F.pixel_unshuffle(z, self.patch))
        skips = [h]
        for i, each in enumerate(self.down):
            h = each(F.avg_pool2d(h, 2) if i else h, embedding)
            skips.append(h)
        h = self.middle(h, embedding)
        for i, each in enumerate(self.up):
            h = F.interpolate(h, scale_factor=2) if i else h
            h = each(torch.cat([h, skips.pop()], 1), embedding)
        h = torch.cat([h, skips.pop()], 1)
        return F.pixel_shuffle(self.last(F.silu(self.last_norm(h))), self.patch)


def loop(sizes, data, settings, x, y, compiled):
    """A function that takes some steps, and how many parameters the network has."""
    network = UNet(data.shape, data.classes, **sizes).to(memory_format=torch.channels_last)
    forward = torch.compile(network) if compiled else network
    optimizer = torch.optim.Adam(network.parameters(), settings["learning_rate"], fused=True)
    average = [p.detach().clone() for p in network.parameters()]
    images = torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
    labels = torch.from_numpy(y).long()
    mean, std = data.mean, data.std

    def step():
        rows = torch.randint(len(images), (settings["batch"],))
        clean = images[rows].float().div_(255)
        lam = torch.rand(len(rows)) * 21.8 - 8
        a, b = (torch.sigmoid(s * lam).sqrt()[:, None, None, None] for s in (1, -1))
        eps = torch.randn_like(clean)
        z, v = a * clean + b * eps, a * eps - b * clean
        # The exact field of a Gaussian of all pixels, which the output refines.
        total = (a * std).square() + b.square()
        residual = z - a * mean
        present = torch.rand(len(rows)) < 0.7
        output = forward(residual / total.sqrt(), lam, labels[rows], present)
        v_hat = a * b * (1 - std**2) * residual / total - b * mean - std / total.sqrt() * output
        loss = (v - v_hat).square().mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0, foreach=True)
        optimizer.step()
        torch._foreach_lerp_(average, [p.detach() for p in network.parameters()], 1e-3)
        return float(loss.detach())

    def run(steps):
        for _ in range(steps):
            step()

    return run, sum(p.numel() for p in network.parameters())
