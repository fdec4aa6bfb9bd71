import Testing

let seedRunners: [String: VectorRunner] = [:]
