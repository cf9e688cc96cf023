"""Sound: recordings read from files, resampled and cut, their spectrograms, and the way back to a waveform.

Not here: models of sound (`aenb.models`), its scores (`aenb.evaluation`), and windows of one long signal.
"""
