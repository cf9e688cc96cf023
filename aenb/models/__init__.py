"""Model families: one file per family, found by the registry, and the Keras class of those with a custom loss.

Begin with `shallow` or `deep`, or with `registry`. In folders, from what stands on its own to what uses the others:

    losses/        likelihoods, distances, penalties
    architecture/  what encoders and decoders are built of
    players/       training steps of families with a custom loss
    codes/         quantised latent codes, and priors over codes
    denoisers/     what diffusion consists of

Not here: training (`engine`, `training`), and what is displayed in a notebook (`notebook`, `figures`).
"""
