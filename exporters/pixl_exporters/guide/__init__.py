"""The interactive build guide: one HTML file that a maker works from, at the table and on a phone, without a network.

What may enter: what the page needs to know of a craft (``facts``, ``crafts``), the writing of the page (``page``,
``parts``), and the page's own files: ``grid.js`` (the custom element ``<pixl-grid>``, which knows nothing of guides),
``progress.js``, ``printing.js``, ``guide.js``, ``guide.css``, ``guide.html``, ``symbols.csv``. No framework, no build
step, nothing fetched.
"""
