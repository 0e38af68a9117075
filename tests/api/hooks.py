"""Lets half of the generated requests name what exists, so that more of them get beyond a 404."""

import os

import schemathesis

KNOWN = {"room": "general", "user": "bob", "seq": int(os.environ["KNOWN_SEQ"]), "key": "me"}


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    if path_parameters and len(str(path_parameters)) % 2 == 0:
        for name in path_parameters:
            path_parameters[name] = KNOWN.get(name, path_parameters[name])
    return path_parameters
