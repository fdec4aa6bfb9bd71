func seedVectors() throws -> [VectorFile] {
    []
}
