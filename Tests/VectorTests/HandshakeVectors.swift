import Testing

let handshakeRunners: [String: VectorRunner] = [:]
