import EasySetupPicture
import EasySetupSeed
import Foundation
import TestSupport
import Testing

@testable import EasySetup
@testable import EasySetupHandshake
@testable import EasySetupPairingSession
@testable import EasySetupTool

/// Pictures of QR codes: those that the program writes, and those that people have.
@Suite("Pictures of QR codes", .inTurn) struct PictureTests {
    let folder = ScratchFolder()

    /// A picture of one or several QR codes side by side, as the program draws them.
    private func picture(_ texts: String..., name: String = "code.png") async throws -> String {
        var files: [String] = []
        for (index, text) in texts.enumerated() {
            let code = try #require(QRCode(UserText(copying: text)))
            let drawing = PictureDrawing(width: code.width, lines: []) { code.isDark(column: $0, row: $1) }
            let file = folder.path + "/\(index)-" + name
            try Data(drawing.png()).write(to: URL(filePath: file))
            files.append(file)
        }
        let path = folder.path + "/" + name
        let made = try await Program.shell("convert \(files.joined(separator: " ")) +append '\(path)'")
        try #require(made.code == 0, "\(made.errors)")
        return path
    }

    private func run(_ arguments: String..., input: String = "") async throws -> Program.Result {
        try await Program.run(arguments, input: input)
    }

    private func importing(_ path: String) async throws -> [String: Any] {
        let store = folder.path + "/" + UUID().uuidString
        let result = try await run("seed", "import", "--store", store, "--json", "--qr", path)
        #expect(!result.output.contains("easysetup-seed:") && !result.errors.contains("easysetup-seed:"))
        return try result.json()
    }

    private static let seedLink =
        "easysetup-seed:1/BETWXCB8WK4E4TGT2VPK9PFWFZMJR541AY9KHPHP5JWDKY95TZ5TM6KF2RT4FXYA"
    private static let pairingLink = "easysetup://relay.example:443/1/K7Q#00041061050R3GG28A1C60T3GC"

    @Test("The pictures of a seed are read back, are for their owner alone, and take no file's place unasked")
    func roundTrip() async throws {
        let store = try await folder.seed("a")
        let userID = try #require(
            try await run("seed", "show", "--store", store, "--json").json()["user_id"] as? String
        )
        let (png, svg) = (folder.path + "/seed.png", folder.path + "/seed.svg")
        let shown = try await run("seed", "show", "--store", store, "--png", png, "--svg", svg, "--json")
        #expect(shown.code == 0)
        #expect(try shown.json()["png"] as? String == png && shown.json()["link"] == nil)
        for file in [png, svg] {
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
        #expect(try await importing(png)["user_id"] as? String == userID)
        let drawn = try await Program.shell("cd '\(folder.path)'; rsvg-convert -w 800 seed.svg -o drawn.png")
        #expect(drawn.code == 0, "\(drawn.errors)")
        #expect(try await importing(folder.path + "/drawn.png")["user_id"] as? String == userID)
        // Another reader, and the text for people.
        let other = try await Program.shell("cd '\(folder.path)'; zbarimg -q --raw seed.png")
        #expect(other.output.hasPrefix("easysetup-seed:1/"))
        let text = try String(contentsOfFile: svg, encoding: .utf8)
        #expect(text.contains("KEEP THIS PICTURE SECRET") && text.contains(userID.uppercased().prefix(4)))
        #expect(!text.contains("easysetup-seed:"))
        // A file that is there stays, unless the user says otherwise.
        let before = try Data(contentsOf: URL(filePath: png))
        let refused = try await run("seed", "show", "--store", store, "--png", png, "--json")
        #expect(refused.code == 73)
        #expect(try refused.json()["error"] as? String == "picture-exists")
        let second = try await folder.seed("b")
        #expect(try await run("seed", "show", "--store", second, "--png", png, "--overwrite").code == 0)
        #expect(try Data(contentsOf: URL(filePath: png)) != before)
        let nowhere = try await run("seed", "show", "--store", store, "--png", folder.path + "/none/x.png", "--json")
        #expect(try nowhere.json()["error"] as? String == "picture-not-written")
    }

    @Test("A dash is standard output, for a picture alone, and standard input") func dash() async throws {
        let store = try await folder.seed("a")
        let piped = try await Program.shell(
            """
            cd '\(folder.path)'; "$ES" seed show --store '\(store)' --png - > p.png < /dev/null &&
            "$ES" seed import --store c --json --qr - < p.png
            """
        )
        #expect(piped.code == 0, "\(piped.errors)")
        #expect(piped.output.contains("\"result\":\"stored\""))
        #expect(try await run("seed", "show", "--store", store, "--png", "-", "--json").code == 64)
        #expect(try await run("seed", "show", "--store", store, "--png", "-", "--svg", "-").code == 64)
        let window = try await Window(["seed", "show", "--store", store, "--svg", "-"])
        defer { window.stop() }
        #expect(try await window.end().code == 64)
    }

    @Test(
        "A picture is read in every form that people have it in",
        arguments: [
            "-negate a.png", "-depth 16 a.png", "-interlace PNG a.png", "-colors 2 png8:a.png",
            "-colorspace Gray a.png",
            "-transparent white a.png", "-negate -transparent black a.png", "-colorspace CMYK a.jpg",
            "-negate -colorspace CMYK a.jpg", "-interlace JPEG -quality 40 a.jpg", "-rotate 90 a.jpg",
            "-background white -rotate 33 a.png", "-flop a.png", "-filter point -resize 12.5% a.png",
            "-filter point -resize 25% -negate a.png", "-resize 5000x5000 a.jpg", "-blur 0x2 a.jpg",
            "-background gray -gravity center -extent 2000x2000 a.jpg",
            "-gravity center -crop 90%x90%+0+0 +repage a.png",
        ]
    )
    func forms(change: String) async throws {
        _ = try await picture(Self.seedLink)
        let changed = try await Program.shell("cd '\(folder.path)'; convert code.png \(change)")
        #expect(changed.code == 0, "\(changed.errors)")
        let file = folder.path + (change.hasSuffix("jpg") ? "/a.jpg" : "/a.png")
        #expect(try await importing(file)["user_id"] as? String == SeedCommandTests.userID)
    }

    @Test("Of several codes ours is taken; two that differ are an error, and so is the wrong kind") func several()
        async throws
    {
        let other = SyncSeed.random().link.revealed()
        let cases: [([String], String?)] = [
            ([Self.seedLink, "https://example.org"], nil), ([Self.seedLink, Self.seedLink], nil),
            ([Self.seedLink, Self.pairingLink], nil), ([SeedCommandTests.phrase], nil),
            ([Self.seedLink, other], "picture-several-codes"), (["https://example.org"], "picture-other-code"),
            ([Self.pairingLink], "picture-pairing-link"), (["easysetup-seed:1/ABC"], "seed-link-damaged"),
        ]
        for (number, (texts, error)) in cases.enumerated() {
            let name = "\(number).png"
            let path =
                texts.count == 1
                ? try await picture(texts[0], name: name) : try await picture(texts[0], texts[1], name: name)
            let told = try await importing(path)
            #expect(told["error"] as? String == error, "\(texts)")
            if error == nil { #expect(told["user_id"] as? String == SeedCommandTests.userID, "\(texts)") }
        }
        for (text, error) in [
            (Self.seedLink, "seed-given"), ("https://example.org", "picture-other-code"),
            (Self.pairingLink, "nobody-to-ask"),
        ] {
            let path = try await picture(text, name: "join.png")
            let result = try await run("join", "--store", folder.store, "--json", "--qr", path)
            #expect(try result.json()["error"] as? String == error, "\(text)")
        }
        #expect(try await run("join", "K7Q-29M-XAQ", "--qr", "x.png", "--relay", "ws://127.0.0.1:1").code == 64)
    }

    @Test("A file that is no picture, a damaged, an empty and a huge one have errors of their own") func bad()
        async throws
    {
        let good = try Data(contentsOf: URL(filePath: try await picture(Self.seedLink)))
        func chunk(_ type: String, _ size: [UInt8]) -> Data { Data(size) + Data(type.utf8) }
        let signature = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        let files: [(String, Data, String)] = [
            ("text.png", Data("hello".utf8), "picture-foreign"), ("empty.png", Data(), "picture-foreign"),
            ("photo.heic", Data([0, 0, 0, 24]) + Data("ftypheic".utf8), "picture-foreign"),
            ("cut.png", good.prefix(good.count / 2), "picture-damaged"), ("head.png", signature, "picture-damaged"),
            ("cut.jpg", Data([0xFF, 0xD8, 0xFF, 0xE0]), "picture-damaged"),
        ]
        for (name, data, error) in files {
            let path = folder.path + "/" + name
            try data.write(to: URL(filePath: path))
            #expect(try await importing(path)["error"] as? String == error, "\(name)")
        }
        // A picture of 900 million pixels in some hundred bytes, a white one, and a file of 40 MB.
        let made = try await Program.shell(
            """
            cd '\(folder.path)'; convert -size 300x300 xc:white white.png; truncate -s 40M long.png
            python3 -c "
            import struct, zlib
            def chunk(t, d): return struct.pack('>I', len(d)) + t + d + struct.pack('>I', zlib.crc32(t + d))
            open('bomb.png', 'wb').write(bytes([137]) + b'PNG' + bytes([13, 10, 26, 10])
                + chunk(b'IHDR', struct.pack('>IIBBBBB', 30000, 30000, 8, 0, 0, 0, 0))
                + chunk(b'IDAT', zlib.compress(bytes(10000))) + chunk(b'IEND', b''))
            "
            """
        )
        #expect(made.code == 0, "\(made.errors)")
        for (name, error) in [
            ("white.png", "picture-no-code"), ("bomb.png", "picture-too-large"), ("long.png", "picture-too-large"),
            ("none.png", "picture-unreadable"), (".", "picture-unreadable"),
        ] {
            #expect(try await importing(folder.path + "/" + name)["error"] as? String == error, "\(name)")
        }
    }

    @Test("The process that reads a picture can call the system for nothing else, and its reply is checked")
    func confined() async throws {
        let reader = Child()
        let input = Pipe()
        reader.executableURL = URL(filePath: Program.path)
        reader.arguments = [PictureProcess.argument]
        reader.standardInput = .pipe(input)
        reader.standardOutput = .null
        reader.standardError = .null
        try reader.run()
        // It waits for the picture at its standard input.
        var status = ""
        while reader.isRunning, !status.contains(#/Seccomp:\t2/#) {
            status = try String(contentsOfFile: "/proc/\(reader.processIdentifier)/status", encoding: .utf8)
            await Task.yield()
        }
        #expect(reader.isRunning)
        let limits = try String(contentsOfFile: "/proc/\(reader.processIdentifier)/limits", encoding: .utf8)
        #expect(limits.contains(#/Max cpu time +20 +20 /#))
        try input.fileHandleForWriting.close()
        reader.waitUntilExit()
        for reply: [UInt8] in [[], [0], [0, 0], [0, 0, 0], [0, 0, 2, 1], [9], [1], [0, 255, 255, 1], [1, 0, 0]] {
            #expect(throws: PictureError.readerFailed) { try reply.withUnsafeBytes { try PictureReply.read($0) } }
        }
    }

    @Test("A device joins by a picture of the other's QR code") func joining() async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let offer = try Running(["offer", "--relay", url, "--store", try await folder.seed("a"), "--yes", "--json"])
        defer { offer.stop() }
        let link = try #require(try await offer.event("offered")["link"] as? String)
        let path = try await picture(link)
        let joined = try await run("join", "--store", folder.path + "/b", "--yes", "--json", "--qr", path)
        #expect(joined.code == 0, "\(joined.errors)")
        #expect(await offer.end() == 0)
    }

    @Test("The picture of an offer's link is for its owner alone, and the device that reads it joins") func offered()
        async throws
    {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let store = try await folder.seed("a")
        let path = folder.path + "/link.png"
        let arguments = ["offer", "--relay", url, "--store", store, "--yes", "--json", "--png"]
        let offer = try Running(arguments + [path])
        defer { offer.stop() }
        let offered = try await offer.event("offered")
        #expect(offered["png"] as? String == path)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let read = try await Program.shell("zbarimg -q --raw '\(path)'")
        #expect(read.output.trimmingCharacters(in: .newlines) == offered["link"] as? String)
        let joined = try await run("join", "--store", folder.path + "/b", "--yes", "--json", "--qr", path)
        #expect(joined.code == 0, "\(joined.errors)")
        #expect(await offer.end() == 0)
        // The file stays, and takes no other's place unasked. Nothing is shown that would then be in vain.
        let before = try Data(contentsOf: URL(filePath: path))
        let refused = try await Program.run(arguments + [path])
        #expect(refused.code == 73 && !refused.output.contains("offered"))
        #expect(try refused.json()["error"] as? String == "picture-exists")
        let again = try Running(arguments + [path, "--overwrite"])
        defer { again.stop() }
        _ = try await again.event("offered")
        #expect(try Data(contentsOf: URL(filePath: path)) != before)
        let nowhere = try await Program.run(arguments + [folder.path + "/none/x.png"])
        #expect(nowhere.code == 74)
        #expect(try nowhere.json()["error"] as? String == "picture-not-written")
        // A device that receives has no link.
        let empty = ["offer", "--relay", url, "--store", folder.path + "/c", "--receive", "--json", "--png"]
        let receiver = try await Program.run(empty + [folder.path + "/d.png"])
        #expect(receiver.code == 64 && !receiver.output.contains("offered"))
        #expect(try await Program.run(arguments + ["-"]).code == 64)
    }

    @Test("The picture of a fresh code takes the place of the last one") func fresh() async throws {
        let relay = RelayAddress(host: "relay.example", port: 443, isPlain: false)!
        let path = folder.path + "/link.png"
        let picture = try LinkPicture(PathArgument(argument: path), replacing: false)
        var told: [String] = []
        for (number, slot) in ["K7Q", "K7R"].enumerated() {
            let link = PairingLink(relay: relay, slot: slot, secret: SecretBytes(zeros: 16))
            let code = try PairingCode(typed: "K7Q-29M-XAQ")
            told.append(try picture.write(Offer(code: code, link: link, deadline: .now, ordinal: number + 1)))
            let read = try await Program.shell("zbarimg -q --raw '\(path)'")
            #expect(read.output.trimmingCharacters(in: .newlines) == link.revealed())
        }
        #expect(told[0].contains("only you can read") && told[1].contains("fresh code"))
        let none = Offer(code: try PairingCode(typed: "K7Q-29M-XAQ"), link: nil, deadline: .now, ordinal: 3)
        #expect(throws: PairingUsage.noLink) { try picture.write(none) }
    }

    @Test("The limits of pictures are those of the page") func limits() throws {
        let page = try PagesTests.text("Protocol/limits.md")
        let section = try #require(
            page.components(separatedBy: "\n## Pictures").last?.components(separatedBy: "\n## ").first
        )
        let written = section.matches(of: /\n\| `(\w+)` \| ([^|]+) \|/).map { [String($0.1), String($0.2)] }
        #expect(
            written == [
                ["fileBytes", "\(PictureLimits.fileBytes >> 20) MiB"], ["pixels", "\(PictureLimits.pixels >> 20) Mi"],
                ["side", "32,768"], ["codes", "\(PictureLimits.codes)"], ["textBytes", "7,089"],
                ["memory", "\(PictureLimits.memory >> 30) GiB"], ["seconds", "\(PictureLimits.seconds) s"],
            ]
        )
        #expect(PictureLimits.side == 32_768 && PictureLimits.textBytes == 7_089)
    }
}
