"""The models of `elastic` in PyTorch, with the parameter names of its model.safetensors.

They pad their batches, compute only the last token in their last layer, and use fused attention.
All sizes are `elastic`'s defaults.
"""

import functools
import math

import torch
import torch.nn.functional as F
from torch import nn

DIM, HEADS, LAYERS, FFN, EXPERTS, SUBKEYS, KEY_DIM, STRIDE, LEVEL_ATTENTION = (
    64, 2, 2, 256, 8, 16, 64, 4, 256)


def heads_of(x):
    """[B, n, D] -> [B, H, n, Dh]"""
    return x.unflatten(-1, (HEADS, DIM // HEADS)).transpose(1, 2)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query = nn.Linear(DIM, DIM, bias=False)
        self.key = nn.Linear(DIM, DIM, bias=False)
        self.value = nn.Linear(DIM, DIM, bias=False)
        self.output = nn.Linear(DIM, DIM)

    def forward(self, query, tokens, mask=None, causal=False):
        mixed = F.scaled_dot_product_attention(
            heads_of(self.query(query)), heads_of(self.key(tokens)), heads_of(self.value(tokens)),
            attn_mask=None if mask is None else mask[:, None, None, :], is_causal=causal)
        return self.output(mixed.transpose(1, 2).flatten(2))

    def head_weights(self, linear):
        return linear.weight.unflatten(0, (HEADS, DIM // HEADS))

    def absorbed_aggregate(self, experts, tokens, mask):
        """forward with the tokens' projections folded into the experts."""
        scale = 1 / math.sqrt(DIM // HEADS)
        query = torch.einsum("bhkd,hdc->bhkc", heads_of(self.query(experts)),
                             self.head_weights(self.key)) * scale
        scores = query.flatten(1, 2) @ tokens.transpose(1, 2)
        if mask is not None:
            scores = scores.masked_fill(~mask[:, None, :], -torch.inf)
        pooled = (scores.softmax(-1) @ tokens).unflatten(1, (HEADS, -1))
        mixed = torch.einsum("bhkc,hdc->bkhd", pooled, self.head_weights(self.value))
        return self.output(mixed.flatten(2))

    def absorbed_dispatch(self, tokens, experts):
        scale = 1 / math.sqrt(DIM // HEADS)
        key = torch.einsum("bhkd,hdc->bhkc", heads_of(self.key(experts)),
                           self.head_weights(self.query)) * scale
        value = torch.einsum("bhkd,chd->bhkc", heads_of(self.value(experts)),
                             self.output.weight.unflatten(1, (HEADS, DIM // HEADS)))
        scores = tokens @ key.flatten(1, 2).transpose(1, 2)
        probs = scores.unflatten(-1, (HEADS, -1)).softmax(-1).flatten(2)
        return probs @ value.flatten(1, 2) + self.output.bias


class Ffn(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.Linear(DIM, FFN)
        self.down = nn.Linear(FFN, DIM)

    def forward(self, x):
        return self.down(F.gelu(self.up(x), approximate="tanh"))


class Layer(nn.Module):
    def __init__(self, absorbed, dropout):
        super().__init__()
        self.attention_norm = nn.LayerNorm(DIM)
        self.aggregate = Attention()
        self.expert_norm = nn.LayerNorm(DIM)
        self.dispatch = Attention()
        self.ffn_norm = nn.LayerNorm(DIM)
        self.ffn = Ffn()
        self.absorbed = absorbed
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, experts, mask, last_only):
        z = self.attention_norm(x)
        query = F.layer_norm(experts, (DIM,))
        gathered = (self.aggregate.absorbed_aggregate(query, z, mask) if self.absorbed
                    else self.aggregate(query, z, mask))
        experts = self.expert_norm(experts + gathered)
        if last_only:
            x, z = x[:, -1:], z[:, -1:]
        mixed = (self.dispatch.absorbed_dispatch(z, experts) if self.absorbed
                 else self.dispatch(z, experts))
        x = x + self.dropout(mixed)
        return x + self.dropout(self.ffn(self.ffn_norm(x))), experts


class Level(nn.Module):
    def __init__(self, attends):
        super().__init__()
        self.pool = nn.Linear(STRIDE * DIM, DIM)
        if attends:
            self.attention_norm = nn.LayerNorm(DIM)
            self.attention = Attention()


class QueryNetwork(nn.Module):
    def __init__(self, max_len):
        super().__init__()
        self.levels = nn.ModuleList()
        length = max_len
        while True:
            length = -(-length // STRIDE)
            self.levels.append(Level(1 < length <= LEVEL_ATTENTION))
            if length <= 1:
                break
        self.project = nn.Linear(DIM, KEY_DIM)
        self.norm = nn.LayerNorm(KEY_DIM)

    def forward(self, x, lengths):
        """x [B, n, D], left-padded with zeros -> [B, KEY_DIM]"""
        for level in self.levels:
            x = F.pad(x, (0, 0, -x.shape[1] % STRIDE, 0))
            x = level.pool(x.unflatten(1, (-1, STRIDE)).flatten(2))
            mask = None
            if lengths is not None:
                lengths = (lengths + STRIDE - 1) // STRIDE
                mask = (torch.arange(x.shape[1] - 1, -1, -1, device=x.device)
                        < lengths[:, None])
                x = x * mask[..., None]
            if hasattr(level, "attention"):
                z = level.attention_norm(x)
                x = x + level.attention(z, z, mask)
                if mask is not None:
                    x = x * mask[..., None]
        return self.norm(self.project(x[:, -1]))


class InterestMemory(nn.Module):
    def __init__(self, max_len):
        super().__init__()
        self.query = QueryNetwork(max_len)
        self.subkeys = nn.Parameter(
            torch.randn(1, 2, SUBKEYS, KEY_DIM // 2) / math.sqrt(KEY_DIM / 2))
        self.memory = nn.Parameter(torch.randn(SUBKEYS * SUBKEYS, DIM) / math.sqrt(DIM))

    def forward(self, x, lengths):
        first, second = self.query(x, lengths).chunk(2, -1)
        scores, ids = zip(*((half @ self.subkeys[0, i].T).topk(min(EXPERTS, SUBKEYS))
                            for i, half in enumerate((first, second))))
        pairs = (scores[0][:, :, None] + scores[1][:, None, :]).flatten(1)
        pair_ids = (ids[0][:, :, None] * SUBKEYS + ids[1][:, None, :]).flatten(1)
        best, place = pairs.topk(EXPERTS)
        gates = EXPERTS * best.softmax(-1)
        return gates[..., None] * self.memory[pair_ids.gather(1, place)]


class Elastic(nn.Module):
    """Model `elastic`: bidirectional, positions counted back from the latest event."""

    pads_in_front = True

    def __init__(self, num_items, max_len, absorbed=False, dropout=0.1):
        super().__init__()
        self.item_embedding = nn.Embedding(num_items + 1, DIM)
        self.position_embedding = nn.Embedding(max_len, DIM)
        for table in (self.item_embedding, self.position_embedding):
            nn.init.normal_(table.weight, std=0.02)
        self.input_norm = nn.LayerNorm(DIM)
        self.imr = InterestMemory(max_len)
        self.layers = nn.ModuleList(Layer(absorbed, dropout) for _ in range(LAYERS))
        self.final_norm = nn.LayerNorm(DIM)
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids, lengths):
        """ids [B, n], left-padded with 0; lengths [B], or None if all are n -> logits [B, V]"""
        n = ids.shape[1]
        mask = None
        x = self.item_embedding(ids) + self.position_embedding.weight[:n].flip(0)
        x = self.dropout(self.input_norm(x))
        if lengths is not None:
            mask = ids != 0
            x = x * mask[..., None]
        experts = self.imr(x, lengths)
        for i, layer in enumerate(self.layers):
            x, experts = layer(x, experts, mask, last_only=i + 1 == LAYERS)
        return self.final_norm(x[:, -1]) @ self.item_embedding.weight[1:].T


class SoftmaxLayer(nn.Module):
    def __init__(self, dropout):
        super().__init__()
        self.attention_norm = nn.LayerNorm(DIM)
        self.attention = Attention()
        self.ffn_norm = nn.LayerNorm(DIM)
        self.ffn = Ffn()
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths, last_only):
        z = self.attention_norm(x)
        if not last_only:
            mixed = self.attention(z, z, causal=True)
        elif lengths is None:
            x = x[:, -1:]
            mixed = self.attention(z[:, -1:], z)
        else:
            mask = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
            last = (lengths - 1)[:, None, None].expand(-1, 1, DIM)
            x = x.gather(1, last)
            mixed = self.attention(z.gather(1, last), z, mask)
        x = x + self.dropout(mixed)
        return x + self.dropout(self.ffn(self.ffn_norm(x)))


class Softmax(nn.Module):
    """Model `softmax`: causal, positions counted from the oldest event. The padding is on the right,
    where no event attends to it, so attention needs no mask."""

    pads_in_front = False

    def __init__(self, num_items, max_len, dropout=0.1):
        super().__init__()
        self.item_embedding = nn.Embedding(num_items + 1, DIM)
        self.position_embedding = nn.Embedding(max_len, DIM)
        for table in (self.item_embedding, self.position_embedding):
            nn.init.normal_(table.weight, std=0.02)
        self.input_norm = nn.LayerNorm(DIM)
        self.layers = nn.ModuleList(SoftmaxLayer(dropout) for _ in range(LAYERS))
        self.final_norm = nn.LayerNorm(DIM)
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids, lengths):
        """As Elastic.forward, with ids right-padded."""
        x = self.item_embedding(ids) + self.position_embedding.weight[:ids.shape[1]]
        x = self.dropout(self.input_norm(x))
        for i, layer in enumerate(self.layers):
            x = layer(x, lengths, last_only=i + 1 == LAYERS)
        return self.final_norm(x[:, -1]) @ self.item_embedding.weight[1:].T


# Name in `elastic` -> forms in PyTorch, each made from num_items and max_len.
MODELS = {"elastic": {"plain": Elastic, "absorbed": functools.partial(Elastic, absorbed=True)},
          "softmax-tiled": {"sdpa": Softmax}}
