import Foundation
import Testing

/// One file of `Protocol/vectors`: its name, its `kind`, and everything in it.
struct VectorFile: CustomTestStringConvertible, Sendable {
    let url: URL

    var testDescription: String { url.lastPathComponent }

    func decode<Content: Decodable>(_ type: Content.Type) throws -> Content {
        try JSONDecoder().decode(type, from: Data(contentsOf: url))
    }
}

/// Runs one file; throws, or records an issue, when the code disagrees with it.
typealias VectorRunner = @Sendable (VectorFile) throws -> Void

@Suite("The vectors of the protocol") struct VectorTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(components: "..", "..", "Protocol", "vectors").standardizedFileURL

    static let files = try! FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        .filter { $0.pathExtension == "json" }
        .sorted { $0.path < $1.path }
        .map(VectorFile.init)

    static let runners: [String: VectorRunner] = [
        seedRunners, handshakeRunners, relayRunners, callRunners, chainRunners, mergingRunners, version0Runners,
        credentialsRunners, fleetRunners,
    ]
    .reduce(into: [:]) { $0.merge($1) { _, _ in fatalError("two runners for one kind") } }

    struct Kind: Decodable { let kind: String }

    @Test("Every file runs by its kind", arguments: files) func run(file: VectorFile) throws {
        let kind = try file.decode(Kind.self).kind
        let runner = try #require(Self.runners[kind], "nothing runs vectors of kind \(kind)")
        try runner(file)
    }

    @Test("Every kind has a file") func kinds() throws {
        let present = try Set(Self.files.map { try $0.decode(Kind.self).kind })
        #expect(present == Set(Self.runners.keys))
    }
}

/// Bytes from lower-case hex, as all vector files write them.
func bytes(_ hex: String) throws -> [UInt8] {
    let digits = Array(hex.utf8)
    try #require(digits.count.isMultiple(of: 2), "odd hex")
    return try stride(from: 0, to: digits.count, by: 2).map {
        try #require(UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16))
    }
}

/// Lower-case hex, as all vector files write bytes.
func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}
