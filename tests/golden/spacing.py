# call: f('é', "\x00\n<|frame_sep|>")
def f(naïve, text):   
	x = naïve + 'ü'  
	y = """two
lines <|line_sep|>
""" + text
	if x: y = '\ud800' + '..'

	# a comment
	z = b'\xff'; w = '..'
	return x, \
		y, z
