import EasySetupRelayProtocol
import Foundation
import TestSupport
import Testing

@testable import EasySetupRelay

/// A relay whose key file changes while it runs.
@Suite("Key files that are read again", .inTurn, .timeLimit(.minutes(60))) struct KeyReloadTests {
    @Test(
        "Devices come back with tokens of the old key, and after a restart with those of the new one",
        arguments: [1, 2]
    )
    func devicesComeBack(
        _ cores: Int
    ) async throws {
        try await withFolder { folder in
            var configuration = RelayConfiguration()
            configuration.cores = cores
            configuration.keyFile = PathBytes(folder + "/relay.key")
            try write("11", to: folder)
            let log = LogKeeper()
            let tokens = try await withRelay(configuration, logger: log.logger) { server, port in
                let old = try await offer(port)
                // This write replaces the old key in the file.
                try write("22", to: folder)
                await server.reload()
                let isBack = try await comesBack(old, port)
                #expect(isBack)
                return [old, try await offer(port)]
            }
            #expect(log.lines.contains { $0.contains("key file read anew") })
            #expect(!log.lines.contains { $0.contains("2222") })
            try await withRelay(configuration) { _, port in
                let areBack = [try await comesBack(tokens[0], port), try await comesBack(tokens[1], port)]
                #expect(areBack == [false, true])
            }
        }
    }

    @Test("An invalid file leaves the keys in force, and the relay logs it", arguments: ["", "nonsense", "# no key\n"])
    func invalidFileLeaves(_ text: String) async throws {
        try await withFolder { folder in
            var configuration = RelayConfiguration()
            configuration.keyFile = PathBytes(folder + "/relay.key")
            let log = LogKeeper()
            let token = try await withRelay(configuration, logger: log.logger) { server, port in
                try text.write(toFile: folder + "/relay.key", atomically: false, encoding: .utf8)
                await server.reload()
                try FileManager.default.removeItem(atPath: folder + "/relay.key")
                await server.reload()
                #expect(mkfifo(folder + "/relay.key", 0o600) == 0)
                await server.reload()
                return try await offer(port)
            }
            let errors = log.lines.filter { $0.contains("error keys not changed") }
            #expect(errors.count == 3)
            // A reload makes no file, and the advice says so.
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["relay.key"])
            let advice = [
                "A relay that starts without a file makes one.", "A relay makes a key file only at its start.",
            ]
            #expect(errors.allSatisfy { line in advice.contains { line.contains($0) } })
            #expect(token.bytes.count == 85)
        }
    }

    private func write(_ byte: String, to folder: String) throws {
        let path = folder + "/relay.key"
        try String(repeating: byte, count: 32).write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }

    private func offer(_ port: Int) async throws -> Token {
        let device = try await TestDevice.connect(port: port)
        try await device.send(.offer(slotLength: 0, work: nil))
        guard case .offered(_, let token, _)? = await device.nextFrame() else { throw PairingTests.Unexpected() }
        try await device.hangUp()
        return token
    }

    private func comesBack(_ token: Token, _ port: Int) async throws -> Bool {
        let device = try await TestDevice.connect(port: port)
        try await device.send(.attachOfferer(token: token, held: []))
        if case .attachedOfferer? = await device.nextFrame() { return true }
        return false
    }
}
