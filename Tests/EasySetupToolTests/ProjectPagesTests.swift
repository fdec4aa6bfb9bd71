import EasySetup
import EasySetupHandshake
import EasySetupRelay
import EasySetupSeed
import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

/// Compares the project's own pages (changelog, `docs/`, README) with the code.
@Suite("The pages of the project", .inTurn) struct ProjectPagesTests {
    @Test("The newest version of the changelog is that of the library, the relay and the program")
    func version() throws {
        let heading = try #require(try PagesTests.text("CHANGELOG.md").firstMatch(of: /\n## (\d+\.\d+\.\d+)[ ,\n]/))
        #expect(PairingClient.version == String(heading.1))
        #expect(RelayServer.version == PairingClient.version)
        #expect(Version.text.hasPrefix("easysetup \(PairingClient.version), protocol "))
    }

    @Test("The README fits three screens") func length() throws {
        let lines = try PagesTests.text("README.md").split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count <= 150)
        for line in lines where !line.hasPrefix("|") { #expect(line.count <= 110, "\(line)") }
    }

    @Test("The page of tests has the steps of scripts/test, and every script is on a page") func scripts() throws {
        let page = try PagesTests.text("docs/testing.md")
        let steps = try #require(try PagesTests.text("scripts/test").firstMatch(of: /\nreadonly steps=\(([a-z ]+)\)/)).1
        #expect(
            page.matches(of: /\n\| `([a-z]+)` \|/).map { String($0.1) } == steps.split(separator: " ").map(String.init)
        )
        let pages = try ["docs/testing.md", "docs/benchmarks.md", "CONTRIBUTING.md"].map(PagesTests.text).joined()
        for script in try FileManager.default.contentsOfDirectory(
            atPath: PagesTests.root.appending(path: "scripts").path
        ) {
            #expect(pages.contains("`scripts/\(script)"), "\(script)")
        }
    }

    @Test("The generated Swift is that of the .proto files, and nobody has changed it by hand") func generated()
        async throws
    {
        let root = PagesTests.root
        let check = try await Program.shell(
            "cd '\(root.path)' && sha256sum --check --strict --quiet Sources/generated.sha256"
        )
        #expect(check.code == 0, "scripts/generate makes it anew: \(check.output)\(check.errors)")
        let listed = try PagesTests.text("Sources/generated.sha256").split(separator: "\n").map { line in
            String(line.drop { $0 != " " }.drop { $0 == " " })
        }
        var files: [String] = []
        for folder in ["Protocol", "Sources"] {
            let names = FileManager.default.enumerator(atPath: root.appending(path: folder).path)
            while let name = names?.nextObject() as? String {
                if name.hasSuffix(".proto") || name.hasSuffix(".pb.swift") { files.append("\(folder)/\(name)") }
            }
        }
        #expect(files.count > 9)
        #expect(listed.sorted() == files.sorted())
    }

    @Test("The pages of the Debian packages lead only to files that the packages have") func packagedPages()
        async throws
    {
        let folder = ScratchFolder()
        let root = PagesTests.root.path
        let made = try Running(["-c", "cd '\(root)' && packaging/pages '\(folder.path)'"], of: "/bin/bash")
        let errors = await made.errors()
        #expect(await made.end() == 0, "\(errors)")
        var links = 0
        for (package, page) in [
            ("easysetup", "command-line.md"), ("easysetup-relay", "operating.md"),
            ("easysetup-credentials", "credentials.md"),
        ] {
            let place = URL(filePath: folder.path).appending(path: package)
            let names = try FileManager.default.contentsOfDirectory(atPath: place.path)
            #expect(names.contains(page))
            for name in names where name.hasSuffix(".md") {
                let text = try String(contentsOf: place.appending(path: name), encoding: .utf8)
                for match in text.matches(of: /\]\(([^)#:\s]+)[)#]/) {
                    let target = place.appending(path: String(match.1)).standardizedFileURL.path
                    #expect(FileManager.default.fileExists(atPath: target), "\(package)/\(name): \(match.1)")
                    links += 1
                }
            }
        }
        #expect(links > 50)
    }

    @Test("The README's app is the one that is compiled here") func example() throws {
        let readme = try PagesTests.text("README.md")
        let block = try #require(readme.firstMatch(of: /(?s)\n```swift\n(.*?)\n```\n/)).1
        let source = try PagesTests.text("Tests/EasySetupToolTests/ReadmeExample.swift")
        let imports = source.split(separator: "\n").filter { $0.hasPrefix("import ") }
        let parts = source.components(separatedBy: "        // README\n")
        #expect(parts.count == 5)
        let code = [parts[1], parts[3]].map { part in
            part.split(separator: "\n", omittingEmptySubsequences: false)
                .map { $0.hasPrefix("        ") ? $0.dropFirst(8) : $0 }
                .joined(separator: "\n")
        }
        #expect(block == imports.joined(separator: "\n") + "\n\n" + code[0] + "\n" + code[1].dropLast())
    }

    /// The paths of all Swift sources in `Sources`.
    private static var sources: [String] {
        get throws {
            try ["Sources", "Credentials/Sources"].flatMap { folder in
                try FileManager.default.subpathsOfDirectory(atPath: PagesTests.root.appending(path: folder).path)
                    .filter { $0.hasSuffix(".swift") }.map { folder + "/" + $0 }
            }
        }
    }

    @Test("The README's app pairs") func exampleRuns() async throws {
        let scratch = ScratchFolder()
        let folders = ["a", "b"].map { scratch.path + "/" + $0 }
        let seed = SyncSeed.random()
        try await FileSeedStore(folder: folders[0]).save(seed, replacing: false)
        try await LiveRelay.run { relay in
            let (events, continuation) = AsyncStream<ReadmeExample.Event>.makeStream()
            let apps = folders.map {
                ReadmeExample(
                    folder: $0,
                    address: "ws://\(relay.address.host):\(relay.address.port)",
                    events: continuation
                )
            }
            let offering = Task { try await apps[0].offer() }
            var seen: [String] = []
            var joining: Task<Void, any Error>?
            events: for await event in events {
                switch event {
                case .shown(let code): joining = Task { try await apps[1].join(code) }
                case .asked(let peer): seen.append("asked for \(peer.device.name)")
                case .finished: seen.append("finished")
                case .failed(let description):
                    Issue.record("\(description)")
                    break events
                }
                if seen.count(where: { $0 == "finished" }) == 2 { break }
            }
            #expect(seen == ["asked for new phone", "finished", "finished"])
            try await offering.value
            try await joining?.value
        }
        let received = try #require(try await FileSeedStore(folder: folders[1]).load())
        #expect(received.userID == seed.userID)
    }

    @Test("The architecture's table of modules is that of the manifests") func modules() async throws {
        let scratch = ScratchFolder()
        var expected: [String: [Set<String>]] = [:]
        for folder in ["", "Benchmarks", "Bindings", "Credentials", "Tools", "Examples"] {
            let dump = try await Program.shell(
                "cd '\(PagesTests.root.path)/\(folder)' && swift package --scratch-path '\(scratch.path)' dump-package"
            )
            let manifest = try JSONDecoder().decode(Manifest.self, from: Data(dump.output.utf8))
            let foreign = Set(manifest.targets.filter { $0.type == "system" }.map(\.name))
            // The page lists no targets with a `path`, which are those that only tests use.
            for target in manifest.targets where ["regular", "executable"].contains(target.type) && target.path == nil {
                let own = target.dependencies.compactMap(\.own)
                expected[target.name] = [
                    Set(own).subtracting(foreign),
                    Set(target.dependencies.compactMap(\.library) + own.filter(foreign.contains)),
                ]
            }
        }
        var written: [String: [Set<String>]] = [:]
        for row in try PagesTests.text("docs/architecture.md").matches(of: /\n\| `([\w-]+)` \|([^|\n]*)\|([^|\n]*)\|/) {
            written[String(row.1)] = [row.2, row.3].map { cell in
                Set(cell.matches(of: /[\w.-]+/).map { String($0.0) })
            }
        }
        #expect(written == expected)
    }

    /// The targets in the output of `swift package dump-package`.
    private struct Manifest: Decodable {
        struct Target: Decodable {
            let name: String
            let type: String
            let path: String?
            let dependencies: [Dependency]
        }

        /// A dependency: a target of the same package, `{"byName": ["CSodium", null]}`, or a product of another
        /// package, `{"product": ["Crypto", "swift-crypto"]}`.
        struct Dependency: Decodable {
            /// The name of a target of the same package, or of a product of EasySetup; otherwise nil.
            let own: String?
            /// The name of the package, for a product of any other package; otherwise nil.
            let library: String?

            init(from decoder: any Decoder) throws {
                let kinds = try decoder.singleValueContainer().decode([String: [Word?]].self)
                let words = kinds.values.first?.map { $0?.text }
                let package = kinds["product"] == nil ? "EasySetup" : words?.dropFirst().first ?? nil
                own = package == "EasySetup" ? words?.first ?? nil : nil
                library = package == "EasySetup" ? nil : package
            }
        }

        /// A string. If there is a condition in its place, it is nil, because conditions have no effect here.
        struct Word: Decodable {
            let text: String?

            init(from decoder: any Decoder) throws {
                text = try? decoder.singleValueContainer().decode(String.self)
            }
        }

        let targets: [Target]
    }

    @Test("A code of a pairing's error has the same name in Swift as in the registry of errors") func codes() throws {
        let source = try PagesTests.text("Sources/EasySetupPairingSession/Errors/PairingError+Codes.swift")
        let codes = source.matches(of: /public static let (\w+) = Self\(rawValue: "([^"]+)"\)/)
        #expect(codes.count >= 38)
        for code in codes {
            #expect(code.1.replacing(/[A-Z]/) { "-" + $0.0.lowercased() } == code.2)
        }
    }

    @Test("Every type that the architecture names is in the sources") func types() throws {
        var declared: Set<String> = []
        for file in try Self.sources {
            let text = try PagesTests.text(file)
            for match in text.matches(of: /\b(?:struct|class|enum|protocol|actor|typealias) (\w+)/) {
                declared.insert(String(match.1))
            }
            // The name of a module is that of its folder.
            declared.insert(String(file.split(separator: "/")[1]))
        }
        let libraries: Set = [
            "AddDevice", "AdviceTests", "CSodium", "CQREncode", "CPicture", "CProcess", "CLoad", "CountedMemory",
            "ChainSimulator", "Loopback", "PlainMemory", "Simulator", "SwiftUI", "CEasySetup", "EasySetupC",
            "CredentialsCore", "CredentialsService",
        ]
        let named = try PagesTests.text("docs/architecture.md").matches(of: /`([A-Z]\w+)`/).map { String($0.1) }
        #expect(named.count > 50)
        #expect(Set(named).subtracting(declared).subtracting(libraries) == [])
    }
}
