"""The interactive build guide: one HTML file that a maker works from, at the table and on a phone, without a network.

What may enter: what the page needs to know of a craft (``facts``, ``crafts``), the writing of the page (``page``), and
the page's own files. ``grid.js`` is the custom element ``<pixl-grid>``; with ``geometry.js``, ``stamps.js``,
``tiles.js`` and ``gestures.js`` it knows nothing of guides and serves any page. ``progress.js``, ``printing.js``,
``panel.js``, ``guide.js``, ``page.js``, ``guide.css`` and ``guide.html`` are the guide. ``symbols.csv`` holds the
outlines of the chart symbols. No framework, no build step, nothing fetched.
"""
