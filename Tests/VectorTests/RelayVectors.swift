import Testing

let relayRunners: [String: VectorRunner] = [:]
