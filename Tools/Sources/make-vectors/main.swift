import FoundationEssentials

// This program writes the vector files of `Protocol/vectors` from fixed inputs, into the folder given as the only
// argument. Other implementations check the vectors afterwards (`Protocol/vectors/README.md` names them).
guard CommandLine.arguments.count == 2 else {
    fatalError("usage: make-vectors FOLDER")
}
let folder = CommandLine.arguments[1]
for file in try seedVectors() + handshakeVectors() + relayVectors() + callVectors() + chainVectors() + mergingVectors()
    + credentialsVectors() + fleetVectors()
{
    try file.write(into: folder)
}
