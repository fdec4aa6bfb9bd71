import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

/// The command for the other device, copied from the window and entered in a shell unchanged, as a user does it.
@Suite("The command for the other device", .inTurn, .timeLimit(.minutes(60))) struct PastedCommandTests {
    let folder = ScratchFolder()

    /// Starts a relay, with TLS or without. The path of its certificate contains spaces, quotation marks and other
    /// characters that a shell interprets. Returns the process, the relay's address, and the options to trust it.
    private func startRelay(isSecure: Bool) async throws -> (Running, url: String, options: [String]) {
        guard isSecure else {
            let (relay, url) = try await PairingCommandTests.relay()
            return (relay, url, [])
        }
        let files = try MadeCertificate.loopback.get()
        let caFile = folder.path + "/it's \"my\" $HOME `ca`.pem"
        try FileManager.default.copyItem(atPath: files.certificate, toPath: caFile)
        let (relay, port) = try await Program.relay([
            "--tls-certificate", files.certificate, "--tls-key", files.key,
        ])
        return (relay, "wss://127.0.0.1:\(port)", ["--ca-file", caFile])
    }

    /// A shell as on the other device: a variable names that device's store.
    private func shell(store: String) async throws -> Window {
        let shell = try await Window(
            ["--norc", "--noprofile", "-i"],
            of: "/bin/bash",
            environment: ["PS1": "prompt> ", "EASYSETUP_STORE": store]
        )
        try await shell.wait(for: "prompt>")
        return shell
    }

    @Test("The command is complete: pasted into a shell it pairs", arguments: [true, false], [true, false])
    func code(holderOffers: Bool, isSecure: Bool) async throws {
        let holder = try await folder.seed("a")
        let (offers, joins) = holderOffers ? (holder, folder.store) : (folder.store, holder)
        let (relay, url, more) = try await startRelay(isSecure: isSecure)
        defer { relay.stop() }
        // The window is narrower than the command, so the command takes several lines, which a shell reads as one.
        let offer = try await Window(
            ["offer", "--relay", url, "--store", offers] + (holderOffers ? [] : ["--receive"]) + more,
            width: 60,
            height: 30
        )
        defer { offer.stop() }
        let code = try await offer.code()
        let lines = try await offer.lines(isJoined: true).map { $0.trimmingCharacters(in: .whitespaces) }
        let first = try #require(lines.firstIndex { $0.contains("/easysetup") })
        let last = try #require(lines[first...].firstIndex { !$0.hasSuffix("\\") })
        #expect(lines[first...last].joined(separator: " ").contains("--relay \(url)"))
        let other = try await shell(store: joins)
        defer { other.stop() }
        for line in lines[first...last] { try await other.enter(line) }
        try await other.wait(for: "Code on the other screen:")
        try await other.enter(code)
        if holderOffers {
            try await offer.wait(for: "Is this the device in your hands")
            try await other.wait(for: "look at the other device and answer there")
            try await offer.enter("yes")
        } else {
            try await other.wait(for: "Type one of them to give it your seed")
            let shown = try await offer.wait(for: "Its screen asks for one of these words:")
            let words = try #require(shown.first { $0.contains(" · ") }).split { !$0.isLetter }
            try await other.enter(String(words[1]))
            try await offer.wait(for: "Type yes to keep that seed on this device, or no:")
            try await offer.enter("yes")
        }
        for window in [offer, other] { try await window.wait(for: "Paired. Both devices have the user id") }
    }

    @Test(
        "The picture beside the command has a link that pairs, where the device has the seed",
        arguments: [true, false]
    )
    func link(isSecure: Bool) async throws {
        let (relay, url, more) = try await startRelay(isSecure: isSecure)
        defer { relay.stop() }
        let offer = try await Window(
            ["offer", "--relay", url, "--store", try await folder.seed("a")] + more,
            width: 200,
            height: 60
        )
        defer { offer.stop() }
        let shown = try await offer.wait(
            until: {
                $0.contains { $0.contains("scan the picture") } && $0.contains { $0.contains("Control-C stops") }
            },
            "a picture"
        )
        let link = try await Picture.text(of: shown, in: folder)
        let join = try await Window(["join", link, "--store", folder.store] + more)
        defer { join.stop() }
        try await join.wait(for: "Type yes to go on, or no:")
        try await join.enter("yes")
        try await offer.wait(for: "Is this the device in your hands")
        try await offer.enter("yes")
        for window in [offer, join] { try await window.wait(for: "Paired. Both devices have the user id") }
    }

    @Test(
        "The command has every file's name in a form that a terminal shows and a shell gives back",
        arguments: [
            Array("a b".utf8), Array("it's".utf8), Array("clé".utf8), [0x61, 0xFF, 0x62], [0xC3, 0x28, 0x27, 0x5C],
            Array("a\nb\u{1B}[2J".utf8), Array("\u{85}\u{9B}1m".utf8), Array("\t0".utf8) + [0x80, 0x30],
        ]
    )
    func quoted(bytes: [UInt8]) async throws {
        let word = Host.quoted(bytes)
        #expect(word.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control && $0 != "\u{FFFD}" })
        let read = try await Program.shell("printf %s \(word) | od -An -v -tx1")
        #expect(read.output.split { $0.isWhitespace }.map { UInt8($0, radix: 16) } == bytes)
    }

    @Test("The command names this program by its whole path, where it was run by a path of the folder's") func program()
        async throws
    {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let path = URL(filePath: Program.path)
        let offer = try Running(
            [
                "-c", "cd \"$1\" && exec ./easysetup offer --relay \(url) --store \"$2\" --yes < /dev/null", "sh",
                path.deletingLastPathComponent().path, try await folder.seed("a"),
            ],
            of: "/bin/sh"
        )
        defer { offer.stop() }
        let line = await offer.line { $0.contains(" join --relay ") }
        #expect(line?.trimmingCharacters(in: .whitespaces) == "\(Program.path) join --relay \(url)")
    }
}

/// Reads a QR code from the lines of a screen, as a camera does.
enum Picture {
    /// The text of the QR code in these lines, which consist of half blocks. A dark module is one with ink.
    static func text(of lines: [String], in folder: ScratchFolder) async throws -> String {
        let rows = lines.filter { line in
            line.contains { "█▀▄".contains($0) } && line.allSatisfy { "█▀▄ ".contains($0) }
        }
        // A module of the QR code is a square of 8 by 8 pixels.
        let (size, margin) = (8, 40)
        let width = try #require(rows.map(\.count).max()) * size + 2 * margin
        var dots = [[UInt8]](
            repeating: [UInt8](repeating: 255, count: width),
            count: rows.count * 2 * size + 2 * margin
        )
        for (row, line) in rows.enumerated() {
            for (column, sign) in line.enumerated() {
                for half in 0..<2 where (half == 0 ? "█▀" : "█▄").contains(sign) {
                    for y in 0..<size {
                        for x in 0..<size { dots[margin + (2 * row + half) * size + y][margin + column * size + x] = 0 }
                    }
                }
            }
        }
        let picture = folder.path + "/picture.pgm"
        try (Data("P5 \(width) \(dots.count) 255\n".utf8) + dots.joined()).write(to: URL(filePath: picture))
        let read = try await Program.shell("zbarimg -q --raw '\(picture)'")
        return try #require(read.lines.first, "\(read.errors)")
    }
}
