"""The automation map: a care model as a picture that a stranger understands in ten seconds."""
