"""What is trained and on what: one recipe per network, all with the verbs of `recipe.Recipe`."""
