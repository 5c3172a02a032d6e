"""Does an exported network draw what torch draws?"""
