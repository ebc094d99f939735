"""How the documentation is built: `python -m sphinx -W -b html docs docs/build/html`, without a network."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

from sphinx_gallery.sorting import ExplicitOrder

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
    "sphinx_gallery.gen_gallery",
    "command_reference",
    "docstrings",
    "gallery_pages",
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

# ---- gallery: pages made of the scripts in examples/, none of which is run here
READING_ORDER = (
    *("adult", "plot_own_objective", "plot_own_networks"),
    *("worth_it", "rare_class", "numeric_target"),
    *("one_series", "labelled_series", "visits"),
    *("plot_distances", "plot_optimal_critic", "plot_critic_surfaces", "plot_gradient_norms", "plot_weight_histograms"),
    *("plot_other_constraints", "plot_normalisation", "plot_toys", "plot_mode_collapse", "plot_loss_and_quality"),
    *("plot_optimisers", "plot_weak_generators"),
)
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "plot_gallery": False,
    "subsection_order": [f"../examples/{name}" for name in ("tables", "augmentation", "series", "gradient_penalty")],
    "within_subsection_order": ExplicitOrder([f"{name}.py" for name in READING_ORDER] + ["*"]),
    "thumbnail_size": (560, 400),
    "image_scrapers": (),
    "reset_modules": (),
    "remove_config_comments": True,
    "notebook_extensions": set(),
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,
}

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
    "header_links_before_dropdown": 7,
    "navbar_persistent": ["search-button"],
    "show_toc_level": 2,
}
html_sidebars = {page: [] for page in ("installation", "how-it-works", "cli", "changelog", "contributing")}
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True
linkcheck_timeout = 20
linkcheck_retries = 2
