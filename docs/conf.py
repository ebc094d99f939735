"""How the documentation is built: `python -m sphinx -W -b html docs docs/build/html`, without a network."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

from wgan_aug import __version__

project = "wgan-aug"
author = "the wgan-aug developers"
project_copyright = "2026, the wgan-aug developers"
version = release = __version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_design",
    "command_reference",
    "docstrings",
    "mathml",
    "repository_files",
]
exclude_patterns = ["build"]
smartquotes = False  # it would make one dash of the two of an option
nitpicky = True
nitpick_ignore_regex = [  # names of other libraries, whose documentation would have to be fetched to link to them
    (r"py:.*", r"(Any|Axes|BaseOverSampler|Callable|Mapping|NDArray|NotFittedError|Path|Self|Sequence|Tensor|Trial)"),
    (r"py:.*", r"(collections|imblearn|matplotlib|numpy|optuna|os|pandas|pathlib|sklearn|torch|typing)\..*"),
]

# ---- Markdown
myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath", "fieldlist"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header"]  # included files begin with a title of their own

# ---- docstrings
autoclass_content = "class"
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "none"  # signatures stay readable; what an argument may be is said in words
autosummary_generate = False
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
python_maximum_signature_line_length = 88
toc_object_entries_show_parents = "hide"

# ---- pages
html_theme = "pydata_sphinx_theme"
html_title = "wgan-aug"
html_static_path = ["static"]
html_css_files = ["wgan-aug.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": True,
    "navigation_with_keys": False,
    "header_links_before_dropdown": 6,
    "navbar_persistent": ["search-button"],
    "show_toc_level": 2,
}
html_sidebars = {page: [] for page in ("installation", "how-it-works", "cli", "changelog", "contributing")}
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True
linkcheck_timeout = 20
linkcheck_retries = 2
