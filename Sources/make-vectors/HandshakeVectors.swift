func handshakeVectors() throws -> [VectorFile] {
    []
}
