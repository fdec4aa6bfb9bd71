// A C target needs a source file. The system library, which this folder is elsewhere, ignores it (docs/apple.md).
