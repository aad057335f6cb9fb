"""What every pattern can be without a plan: PNG, indexed PNG, SVG, CSV, JSON, layers.

What may enter: formats that say nothing of a craft. Each module's functions take ``(document, options)``.
"""
