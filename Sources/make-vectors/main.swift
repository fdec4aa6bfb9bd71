import FoundationEssentials

// Writes the vector files of `Protocol/vectors` from fixed inputs, into the folder given as the only argument. The
// figures are then held against other implementations (`Protocol/vectors/README.md` says which).
guard CommandLine.arguments.count == 2 else {
    fatalError("usage: make-vectors FOLDER")
}
let folder = CommandLine.arguments[1]
for file in try seedVectors() + handshakeVectors() + relayVectors() + callVectors() {
    try file.write(into: folder)
}
