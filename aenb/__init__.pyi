"""The public names, for type checkers: aenb imports them when they are first used, where no checker can follow."""

from IPython.core.interactiveshell import InteractiveShell

from aenb import sklearn as sklearn
from aenb.comparison.compare import compare as compare
from aenb.core.errors import AenbError as AenbError
from aenb.core.version import __version__ as __version__
from aenb.data.load import load_data as load_data
from aenb.data.record import Data as Data
from aenb.data.sets.data_sets import dataset as dataset
from aenb.data.sets.data_sets import datasets as datasets
from aenb.evaluation.scorers.score_parts import score as score
from aenb.figures.views.view import view as view
from aenb.models.registry import build_model as build_model
from aenb.models.registry import families as families
from aenb.models.registry import family as family
from aenb.notebook.widgets.attention_explorer import AttentionExplorer as AttentionExplorer
from aenb.notebook.widgets.explorer import LatentExplorer as LatentExplorer
from aenb.notebook.widgets.panel import Trainer as Trainer
from aenb.runs.run import Run as Run
from aenb.runs.run import load_run as load_run
from aenb.runs.spec import Spec as Spec
from aenb.training.train import train as train

def load_ipython_extension(shell: InteractiveShell) -> None: ...
def unload_ipython_extension(shell: InteractiveShell) -> None: ...
