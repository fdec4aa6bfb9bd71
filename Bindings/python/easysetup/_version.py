"""The version of this package, which is that of the library inside."""

VERSION = "0.1.0"
