func relayVectors() throws -> [VectorFile] {
    []
}
