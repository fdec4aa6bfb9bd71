import Foundation
import Testing

@testable import Relay

@Suite struct KeyFileTests {
    @Test func `A missing file is made, for its owner only, and read the next time`() async throws {
        try await withFolder { folder in
            let path = folder + "/relay.key"
            let first = try KeyFile.load(path: path)
            let second = try KeyFile.load(path: path)
            #expect(first.isNew)
            #expect(!second.isNew)
            #expect(first.keys.current == second.keys.current)
            #expect(first.keys.current.count == 32)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["relay.key"])
        }
    }

    @Test(arguments: [0o640, 0o604, 0o620, 0o666])
    func `A file that others may read or write is refused`(_ mode: Int) async throws {
        try await withFolder { folder in
            let path = folder + "/relay.key"
            _ = try KeyFile.load(path: path)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            #expect(throws: RelayError.badKeyFile(path: path, .readableByOthers)) { try KeyFile.load(path: path) }
        }
    }

    @Test func `A folder is no key file, and a file in no folder cannot be made`() async throws {
        try await withFolder { folder in
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder)
            #expect(throws: RelayError.badKeyFile(path: folder, .notARegularFile)) { try KeyFile.load(path: folder) }
            let path = folder + "/none/relay.key"
            #expect(throws: RelayError.badKeyFile(path: path, .system(ENOENT))) { try KeyFile.load(path: path) }
        }
    }

    @Test func `The second key is the previous one`() throws {
        let keys = try #require(KeyFile.parse(Array("# note\n\(hex("ab"))\r\n\n\(hex("0C"))\n".utf8)))
        #expect(keys.current == [UInt8](repeating: 0xAB, count: 32))
        #expect(keys.previous == [UInt8](repeating: 0x0C, count: 32))
    }

    @Test func `What is written is read back`() throws {
        let keys = TokenKeySet(current: Array(0..<32), previous: Array(200..<232))
        let read = try #require(KeyFile.parse(KeyFile.format(keys)))
        #expect(read.current == keys.current)
        #expect(read.previous == keys.previous)
    }

    @Test(arguments: [
        "", "# only a note\n", "abcd", String(hex("ab").dropLast()), hex("zz"), hex("ab") + "00", "é" + hex("ab"),
    ])
    func `What is no key file is refused`(_ text: String) {
        #expect(KeyFile.parse(Array(text.utf8)) == nil)
    }

    @Test func `Three keys are one too many`() {
        #expect(KeyFile.parse(Array("\(hex("01"))\n\(hex("02"))\n\(hex("03"))\n".utf8)) == nil)
    }
}

private func hex(_ byte: String) -> String {
    String(repeating: byte, count: 32)
}
