"""One adapter a way of calling. An adapter is made for a server and for one of the `callers` in expectations.json, and has

* `call(operation, parameters, headers)`: sends the parameters as that SDK's users do – SecretData is given as a plain
  map – with the headers that such a user may add, and returns the reply as a map with the wire's names;
* `error`: the exception class its users catch for a 4xx reply, and `failure(exception)`: what they can read from it;
* `namespace_identifiers`: the parameters by which this generation can name a namespace;
* `key`: the kind of key that it signs with, `secret` or `rsa`; and `signing`: the way that it signs, `acs3` or `roa`.

The generations exclude each other in one virtual environment, so only the chosen one is imported.
"""


def adapters(generation):
    """The adapters of a generation by name, each a function from `host:port`."""
    if generation == "classic":
        from adapters import classic

        return classic.ADAPTERS
    from adapters import tea

    return tea.ADAPTERS[generation]
