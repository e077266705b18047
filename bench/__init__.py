"""What must be fast, measured. Django is set up here, before any measurement imports a model, on a data folder of this
process' own, which goes when it ends: so ``python -m bench.NAME`` runs as ``python -m bench`` does."""

import atexit
import os
import shutil
import tempfile

import django

os.environ["NETLAB_DATA"] = tempfile.mkdtemp(prefix="netlab-bench-")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "netlab.settings")
atexit.register(shutil.rmtree, os.environ["NETLAB_DATA"], ignore_errors=True)
django.setup()
