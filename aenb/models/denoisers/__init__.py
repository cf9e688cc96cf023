"""What diffusion consists of: the schedule and the process of the noise, the networks that predict it, the samplers.

Not here: the family (`diffusion`), and the task `denoise` (`data/corruption`).
"""
