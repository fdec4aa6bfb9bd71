import Foundation
import TestSupport
import Testing

/// The code that an app can compile, and the code that it can't. An app is another package, so the compiler checks
/// these sources without the names that only the package's own targets see.
@Suite("An app's compiler") struct ForeignAppTests {
    /// Checks the types of sources as those of an app, and writes no output files.
    private static func compile(_ sources: [String], options: String = "") async throws -> Program.Result {
        let products = URL(filePath: Program.path).deletingLastPathComponent()
        let scratch = products.deletingLastPathComponent().deletingLastPathComponent()
        return try await Program.shell(
            """
            includes=()
            while read -r map; do includes+=(-I "$(dirname "$map")"); done < <(
                find '\(scratch.path)/checkouts' -path '*/Sources/*' -name module.modulemap
                find '\(products.path)' '\(PagesTests.root.path)/Sources' -maxdepth 2 -name module.modulemap
            )
            swiftc -typecheck -swift-version 6 \(options) -module-name App -I '\(products.path)/Modules' "${includes[@]}" \
                \(sources.map { "'\($0)'" }.joined(separator: " "))
            """
        )
    }

    @Test("The compiler accepts every example of the documentation") func examples() async throws {
        let tests = PagesTests.root.appending(components: "Tests", "EasySetupToolTests").path
        let result = try await Self.compile(
            [
                "Examples/AppExamples.swift", "Examples/KeychainExample.swift", "Examples/RelayExamples.swift",
                "ReadmeExample.swift",
            ].map { "\(tests)/\($0)" }
        )
        #expect(result.errors == "")
        #expect(result.code == 0)
    }

    @Test("The compiler accepts the examples with all on the main actor by default, as in new Xcode projects")
    func mainActorByDefault() async throws {
        let tests = PagesTests.root.appending(components: "Tests", "EasySetupToolTests").path
        let result = try await Self.compile(
            ["Examples/AppExamples.swift", "Examples/KeychainExample.swift", "ReadmeExample.swift"].map {
                "\(tests)/\($0)"
            },
            options: "-default-isolation MainActor"
        )
        #expect(result.errors == "")
        #expect(result.code == 0)
    }

    @Test(
        "The compiler accepts a switch over codes and states that has a default, and refuses one that a later version could break"
    )
    func refused() async throws {
        let source = """
            import EasySetup
            import EasySetupRelay

            func fine(_ state: PairingState, _ error: PairingError, _ relay: RelayError) -> Bool {
                let isFull = switch error.code {
                case .relayFull, .tooMany: error.retryAfter > .zero
                case .proxyFailed: error.causeCode == .proxyCredentials
                default: error.storeError?.code == .full || relay.causeCode == .missing
                }
                return switch state {
                case .paired, .failed: true
                default: isFull
                }
            }

            func asks(_ client: PairingClient, _ code: PairingCode, _ link: PairingLink, _ relay: RelayAddress) {
                _ = client.join(link, approve: { _ in .approve })  // refused
                _ = client.join(code, at: relay, accept: { _ in .accept })  // refused
                _ = client.offer(at: relay)  // refused
            }

            func knowsAll(_ state: PairingState) -> Bool {
                switch state {  // refused
                case .connecting, .retrying, .offered, .wrongProof, .codeKnown, .inLine, .greeting, .deciding: false
                case .waiting, .accepting, .given, .peerAway, .reconnecting, .relayMessage, .paired, .failed: true
                }
            }

            func looksInside(_ error: PairingError, _ relay: RelayError, _ seed: SeedError) {
                _ = error.kind  // refused
                _ = relay.kind  // refused
                _ = seed.kind  // refused
                _ = PairingError.relayVersion  // refused
            }
            """
        let scratch = ScratchFolder()
        let result = try await Self.compile([scratch.file("App.swift", source)])
        let found = Set(result.errors.matches(of: /App\.swift:(\d+):\d+: error:/).compactMap { Int($0.1) })
        let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
        let marked = Set(lines.indices.filter { lines[$0].hasSuffix("// refused") }.map { $0 + 1 })
        #expect(found == marked, "\(result.errors)")
    }
}
