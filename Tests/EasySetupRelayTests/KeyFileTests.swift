import Foundation
import Synchronization
import Testing

@testable import EasySetupRelay

@Suite("A relay's key file") struct KeyFileTests {
    @Test("A missing file is made for its owner only, and read the next time", arguments: KeyFile.Way.allCases)
    func missingFileMade(_ way: KeyFile.Way) async throws {
        try await withFolder { folder in
            let path = folder + "/relay.key"
            let first = try KeyFile.load(path: path, ways: [way])
            let second = try KeyFile.load(path: path)
            #expect(first.isNew)
            #expect(!second.isNew)
            #expect(first.keys == second.keys)
            #expect(first.keys.current.count == 32)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["relay.key"])
        }
    }

    @Test(
        "Relays that start together get the same key, and one of them has made it",
        arguments: [KeyFile.Way.link, .rename]
    )
    func relaysStartTogether(_ way: KeyFile.Way) async throws {
        try await withFolder { folder in
            let path = folder + "/relay.key"
            let all = try await withThrowingTaskGroup { tasks in
                for _ in 0..<16 { tasks.addTask { try KeyFile.load(path: path, ways: [way]) } }
                return try await tasks.reduce(into: []) { $0.append($1) }
            }
            #expect(all.allSatisfy { $0.keys == all[0].keys })
            #expect(all.count { $0.isNew } == 1)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["relay.key"])
        }
    }

    /// Another thread creates and removes the file all the time. So the file may appear after the relay did not find
    /// it, and before the relay looks for a symbolic link in its place.
    @Test("A file that appears while the relay looks for it is missing or read, and is no link") func fileAppears()
        async throws
    {
        try await withFolder { folder in
            let path = folder + "/certificate.pem"
            let isDone = Mutex(false)
            let thread = Thread {
                while !isDone.withLock(\.self) {
                    close(open(path, O_WRONLY | O_CREAT, 0o600))
                    unlink(path)
                }
            }
            thread.start()
            defer { isDone.withLock { $0 = true } }
            for _ in 0..<20_000 {
                do throws(RelayError.FileProblem) {
                    _ = try OperatorFile.read(PathBytes(path), limit: 1)
                } catch {
                    guard error == .missing else { throw error }
                }
            }
        }
    }

    @Test("No way of making a file replaces one that has come by then", arguments: KeyFile.Way.allCases)
    func wayMakingFile(_ way: KeyFile.Way) async throws {
        try await withFolder { folder in
            let path = folder + "/relay.key"
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: folder + "/none")
            #expect(throws: RelayError.badKeyFile(path: path, .file(.leadsNowhere))) {
                try KeyFile.load(path: path, ways: [way])
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["relay.key"])
        }
    }

    // MARK: Who owns it, and who may read it

    @Test(
        "The group may read root's file, and nobody but the owner may read a user's",
        arguments: [0o600, 0o400, 0o700, 0o640, 0o440],
        [0, 1000] as [uid_t]
    )
    func groupReadRoot(_ mode: Int, _ owner: uid_t) {
        let problem = OperatorFile.secrecyProblem(owner: owner, mode: mode_t(mode), user: 1000)
        #expect(problem == (mode & 0o040 != 0 && owner != 0 ? .openToOthers : nil))
    }

    @Test(
        "A file that others may read, or that its group may write, is no secret",
        arguments: [0o604, 0o602, 0o601, 0o620, 0o660, 0o444, 0o644, 0o666, 0o777],
        [0, 1000] as [uid_t]
    )
    func fileOthersRead(_ mode: Int, _ owner: uid_t) {
        #expect(OperatorFile.secrecyProblem(owner: owner, mode: mode_t(mode), user: 1000) == .openToOthers)
    }

    @Test(
        "A relay uses no third user's file, even if it runs as root",
        arguments: [1, 1001] as [uid_t],
        [0, 1000] as [uid_t]
    )
    func relayUsesThird(_ owner: uid_t, _ user: uid_t) {
        #expect(OperatorFile.secrecyProblem(owner: owner, mode: 0o600, user: user) == .foreignOwner)
    }

    @Test("A file that others may read or write is refused", arguments: [0o604, 0o620, 0o666])
    func fileOthersReadWrite(_ mode: Int) async throws {
        try await withFolder { folder in
            let path = folder + "/relay.key"
            _ = try KeyFile.load(path: path)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            #expect(throws: RelayError.badKeyFile(path: path, .secrecy(.openToOthers))) { try KeyFile.load(path: path) }
            #expect(throws: RelayError.badKeyFile(path: path, .secrecy(.openToOthers))) { try KeyFile.read(path: path) }
        }
    }

    @Test("Another user's file is refused", .enabled(if: geteuid() == 0, "only root can give a file away"))
    func userFileRefused() async throws {
        try await withFolder { folder in
            let path = folder + "/relay.key"
            _ = try KeyFile.load(path: path)
            #expect(chown(path, 65534, gid_t.max) == 0)
            #expect(throws: RelayError.badKeyFile(path: path, .secrecy(.foreignOwner))) { try KeyFile.load(path: path) }
        }
    }

    @Test("A link to a good file is as good as the file") func linkGoodFile() async throws {
        try await withFolder { folder in
            let made = try KeyFile.load(path: folder + "/secret")
            let link = folder + "/relay.key"
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "secret")
            #expect(try KeyFile.load(path: link).keys == made.keys)
        }
    }

    // MARK: What is there in its place

    @Test("A folder, a pipe, a socket or a device is refused, and the relay does not wait for it")
    func folderPipeSocket() async throws {
        try await withFolder { folder in
            let pipe = folder + "/pipe"
            #expect(mkfifo(pipe, 0o600) == 0)
            let socket = folder + "/socket"
            try bindUnixSocket(socket)
            for (path, kind) in [
                (folder, RelayError.FileKind.folder), (pipe, .pipe), (socket, .socket), ("/dev/null", .device),
                ("/dev/zero", .device),
            ] {
                let problem = RelayError.FileProblem.otherKind(kind)
                #expect(throws: RelayError.badKeyFile(path: path, .file(problem))) { try KeyFile.load(path: path) }
                let files = CertificateFiles(certificate: path, key: path)
                #expect(throws: RelayError.badCertificate(path: path, .file(problem))) { try files.load() }
            }
        }
    }

    @Test("Links that lead nowhere, or to each other, are refused, and nothing is made") func linksLeadNowhere()
        async throws
    {
        try await withFolder { folder in
            for (name, target) in [("gone", "/not/mounted/relay.key"), ("one", "two"), ("two", "one")] {
                try FileManager.default.createSymbolicLink(atPath: "\(folder)/\(name)", withDestinationPath: target)
            }
            for name in ["gone", "one", "two"] {
                let path = "\(folder)/\(name)"
                #expect(throws: RelayError.badKeyFile(path: path, .file(.leadsNowhere))) {
                    try KeyFile.load(path: path)
                }
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 3)
        }
    }

    @Test("A file can't be made where there is no folder") func fileCaMade() async throws {
        try await withFolder { folder in
            _ = try KeyFile.load(path: folder + "/file")
            for path in [folder + "/none/relay.key", folder + "/file/relay.key"] {
                let error = try #require(throws: RelayError.self) { try KeyFile.load(path: path) }
                let expected = [RelayError.KeyFileProblem.noFolder, .file(.system(ENOTDIR))]
                #expect(expected.contains { error == .badKeyFile(path: path, $0) })
            }
        }
    }

    @Test("A missing file that is only to be read is not made") func missingFileOnlyRead() async throws {
        try await withFolder { folder in
            let path = folder + "/relay.key"
            #expect(throws: RelayError.badKeyFile(path: path, .file(.missing))) { try KeyFile.read(path: path) }
            let made = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(made.isEmpty)
        }
    }

    @Test("A file that is too large is refused") func largeFile() async throws {
        try await withFolder { folder in
            let path = folder + "/relay.key"
            let limit = KeyFile.maximumByteCount
            for count in [limit, limit + 1, 100 * limit] {
                let text = Data(hex("ab").utf8) + Data(repeating: UInt8(ascii: "\n"), count: count - 64)
                try text.write(to: URL(filePath: path))
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
                let expected = RelayError.badKeyFile(path: path, .file(.tooLarge(limit: limit)))
                if count > limit {
                    #expect(throws: expected) { try KeyFile.load(path: path) }
                } else {
                    #expect(try KeyFile.load(path: path).keys.current == key(0xAB))
                }
            }
        }
    }

    // MARK: What is in it

    @Test("The first key is the current one, and all others are accepted") func firstKeyCurrent() throws {
        let text = "# note\n\(hex("ab"))\r\n\n  # another\n\(hex("0C"))\n\(hex("ab"))\n\(hex("1d"))"
        let keys = try KeyFile.parse(Array(text.utf8))
        #expect(keys == TokenKeySet(current: key(0xAB), others: [key(0x0C), key(0x1D)]))
    }

    @Test(
        "White space around a line, line ends of all systems and a byte order mark are no part of a key",
        arguments: [
            "\(hex("ab")) \n", "\(hex("ab"))\t\r\n", "  \(hex("AB"))", "\u{FEFF}\(hex("ab"))\n",
            "\u{FEFF}# note\r\n\(hex("ab"))",
            "# old\r\(hex("ab"))\r", "\n\n \n\(hex("ab"))\u{0C}\n", "#\n#\n\(hex("ab"))\n#",
        ]
    )
    func whiteSpaceAround(
        _ text: String
    ) throws {
        #expect(try KeyFile.parse(Array(text.utf8)) == TokenKeySet(current: key(0xAB)))
    }

    @Test("A file that the relay wrote is read back") func fileRelayWrote() throws {
        let keys = TokenKeySet(current: Array(0..<32), others: (1..<8).map { key($0) })
        #expect(try KeyFile.parse(KeyFile.format(keys)) == keys)
    }

    @Test(
        "A file with other content is refused, with the number of the wrong line",
        arguments: [
            ("", RelayError.KeyFileProblem.noKey), ("# only a note\n", .noKey), (" \r\n\t\n", .noKey),
            ("abcd", .malformed(line: 1)),
            (String(hex("ab").dropLast()), .malformed(line: 1)), ("\n" + hex("zz"), .malformed(line: 2)),
            ("# a\r\n\(hex("ab"))\r\n\(hex("ab"))00\r\n", .malformed(line: 3)), ("é" + hex("ab"), .malformed(line: 1)),
            (hex("ab") + " # comment", .malformed(line: 1)), ("0x" + hex("ab"), .malformed(line: 1)),
        ]
    )
    func fileContentRefused(
        _ text: String,
        _ problem: RelayError.KeyFileProblem
    ) {
        #expect(throws: problem) { try KeyFile.parse(Array(text.utf8)) }
    }

    @Test("Nine keys are one too many") func nineKeysMany() throws {
        let lines = (1...9).map { hex("0\($0)") }
        #expect(try KeyFile.parse(Array(lines.dropLast().joined(separator: "\n").utf8)).others.count == 7)
        #expect(throws: RelayError.KeyFileProblem.tooManyKeys(limit: 8)) {
            try KeyFile.parse(Array(lines.joined(separator: "\n").utf8))
        }
    }
}

private func hex(_ byte: String) -> String {
    String(repeating: byte, count: 32)
}

private func key(_ byte: UInt8) -> [UInt8] {
    [UInt8](repeating: byte, count: 32)
}

/// Binds a Unix socket to a path, and closes it. The file of the socket stays.
private func bindUnixSocket(_ path: String) throws {
    let file = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(file) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    try withUnsafeMutableBytes(of: &address.sun_path) { place in
        try #require(path.utf8.count < place.count)
        place.copyBytes(from: path.utf8)
    }
    let status = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(file, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
    try #require(status == 0)
}
