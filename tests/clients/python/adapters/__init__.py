"""One adapter a way of calling. An adapter has

* `call(operation, parameters)`: sends the parameters as that SDK's users do – SecretData is given as a plain map – and
  returns the reply as a map with the wire's names;
* `error`: the exception class its users catch for a 4xx reply, and `failure(exception)`: what they can read from it;
* `namespace_identifiers`: the parameters by which this generation can name a namespace.

The generations exclude each other in one virtual environment, so only the chosen one is imported.
"""


def adapters(generation):
    """The adapters of a generation by name, each a function from `host:port`."""
    if generation == "classic":
        from adapters import classic

        return classic.ADAPTERS
    from adapters import tea

    return tea.ADAPTERS[generation]
