"""What encoders and decoders are built of: stock layers, backbones, transformers, and the parts that they make.

Not here: what a part is trained for (`losses`, `players`), and the denoisers of diffusion (`denoisers`).
"""
