import EasySetupRelayCore
import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A reason why a relay with some settings would not start, or would be unsafe (`Protocol/operating.md`, "Checking").
package struct RelayFinding: Equatable, Sendable {
    /// How bad the finding is.
    package enum Severity: String, Sendable {
        /// The relay would not start.
        case error
        /// The relay would start, and something about it is unsafe or would not work for devices.
        case warning
        /// Something that is right in many cases.
        case notice
    }

    /// The finding's name for programs.
    package enum Code: String, CaseIterable, Sendable {
        case openWithoutTLS = "open-without-tls"
        case openAdmin = "open-admin"
        case noKeyFile = "no-key-file"
        case keyFileNew = "key-file-new"
        case trustsEverybody = "trusts-everybody"
        case plainOrigin = "plain-origin"
        case certificate = "certificate"
        case badCertificate = "bad-certificate"
        case badKeyFile = "bad-key-file"
        case badMessageFile = "bad-message-file"
        case tellsDevices = "tells-devices"
        case cannotListen = "cannot-listen"
        case portInUse = "port-in-use"
        case fewFiles = "few-files"
        case memory = "memory"
        case openFolder = "open-folder"
        case serviceUser = "service-user"
        case fromServiceManager = "from-service-manager"
        case badFleet = "bad-fleet"
        case openFleetSecret = "open-fleet-secret"
        case fleetAway = "fleet-away"
        case fleetRights = "fleet-rights"
        case fleetVersion = "fleet-version"
        case fleetMemory = "fleet-memory"
        case fleetSentinels = "fleet-sentinels"
        case fleetKeys = "fleet-keys"
        case fleetServers = "fleet-servers"
        case fleetClock = "fleet-clock"
        case fleetLimits = "fleet-limits"
        case fleetRelays = "fleet-relays"
        case fleetPlain = "fleet-plain"
    }

    package let severity: Severity
    package let code: Code
    /// The finding in one sentence.
    package let message: String
    package let advice: String

    package init(_ severity: Severity, _ code: Code, _ message: String, _ advice: String) {
        (self.severity, self.code, self.message, self.advice) = (severity, code, message, advice)
    }
}

extension RelayFinding {
    /// The notice that the addresses at which the relay serves are not its own choice.
    package static func fromServiceManager(_ message: String, hasListen: Bool) -> RelayFinding {
        RelayFinding(
            .notice,
            .fromServiceManager,
            message,
            hasListen ? "They take the place of --listen, which has no effect." : "Nothing needs to be done."
        )
    }
}

extension RelayConfiguration {
    /// Everything that is found about these settings, the files that they name and this machine. Changes nothing, and
    /// listens nowhere. May block for a while, because it reads files and looks names up.
    /// - Parameters:
    ///   - probesListen: whether to ask the system for the addresses of ``listen``; false where a service manager opens
    ///     others in their place.
    ///   - probesAdmin: whether to ask the system for the address of ``admin``.
    package func findings(probesListen: Bool, probesAdmin: Bool) -> [RelayFinding] {
        findings(ofListening: probesListen) + findings(ofAdmin: probesAdmin)
            + findings(ofCertificate: RelayClock.system().now.utcSeconds)
            + findings(ofKeys: ())
            + findings(ofTrust: ()) + findings(ofMessage: ()) + findings(ofFleet: ())
    }

    private func findings(ofMessage: Void) -> [RelayFinding] {
        do throws(RelayError) {
            guard let message = try loadMessage() else { return [] }
            return [
                RelayFinding(
                    .notice,
                    .tellsDevices,
                    "The people at devices read: \(message)",
                    "Take it back when it is no longer true: SIGHUP is enough for that."
                )
            ]
        } catch {
            return [RelayFinding(.error, .badMessageFile, error.description, error.advice)]
        }
    }

    /// The warnings that a relay logs when it has begun to listen: unsafe settings that are not logged elsewhere.
    package func findingsAtStart() -> [RelayFinding] {
        (findings(ofListening: false) + (keyFile == nil ? findings(ofKeys: ()) : []) + findings(ofTrust: ()))
            .filter { $0.severity == .warning }
    }

    /// The findings about the settings of the fleet and the files that they name. Nothing is asked over the network.
    private func findings(ofFleet: Void) -> [RelayFinding] {
        guard let fleet else { return [] }
        do throws(RedisSettingsError) {
            guard keyFile != nil else { throw .noKeyFile }
            guard let problem = try fleet.load().keyProblem, let key = fleet.certificate?.key else { return [] }
            return [.openKey(key, problem)]
        } catch {
            let error = RelayError.badFleet(error)
            return [RelayFinding(.error, .badFleet, error.description, error.advice)]
        }
    }

    private func findings(ofListening probes: Bool) -> [RelayFinding] {
        do throws(RelayError) {
            guard sockets.isEmpty else { return try findings(ofSockets: ()) }
            let places = try Resolver.places(listen)
            let open = places.first { !$0.addresses.allSatisfy(\.isLoopback) }
            return findings(ofOpen: open.map { "\($0.wanted)" }) + (probes ? Self.findings(ofPlaces: places) : [])
        } catch {
            return [RelayFinding(.error, .cannotListen, error.description, error.advice)]
        }
    }

    /// The addresses at which the system lets nobody listen, or not this user. Each is tried for a moment.
    private static func findings(ofPlaces places: [Resolver.ResolvedAddress]) -> [RelayFinding] {
        places.compactMap { place in
            for address in place.addresses {
                guard let problem = ListenProbe.problem(address) else { continue }
                if place.mayLackIPv6, address.protocol == .inet6,
                    problem == .noSuchFamily || problem == .addressNotAvailable
                {
                    continue
                }
                let error = RelayError.cannotListen(host: place.wanted.host ?? "*", port: place.wanted.port, problem)
                guard problem == .addressInUse else {
                    return RelayFinding(.error, .cannotListen, error.description, error.advice)
                }
                return RelayFinding(
                    .notice,
                    .portInUse,
                    "A program listens at \(place.wanted) already, as a relay does that is running.",
                    "If it is another program: \(error.advice)"
                )
            }
            return nil
        }
    }

    private func findings(ofSockets: Void) throws(RelayError) -> [RelayFinding] {
        var addresses: [SocketAddress] = []
        for socket in sockets {
            guard InheritedSocket.isListening(socket), let address = InheritedSocket.address(of: socket) else {
                throw .notListening(descriptor: socket)
            }
            addresses.append(address)
        }
        let texts = addresses.map { $0.bound.map(\.description) ?? "\($0)" }
        let notice = RelayFinding.fromServiceManager(
            "The relay serves at \(texts.joined(separator: ", ")), which the service manager has opened.",
            hasListen: !listen.isEmpty
        )
        let open = zip(addresses, texts).first { !$0.0.isLoopback }?.1
        return [notice] + findings(ofOpen: open)
    }

    /// - Parameter open: an address at which other machines reach the relay; nil if there is none.
    private func findings(ofOpen open: String?) -> [RelayFinding] {
        // Only the proxies may connect if they must begin with a PROXY header.
        guard certificate == nil, let open, !trustedProxies.usesProxyProtocol || trustedProxies.blocks.isEmpty else {
            return []
        }
        let message = "The relay listens at \(open) without TLS, so it is open to other machines in plain text."
        guard trustedProxies.blocks.isEmpty else {
            return [
                RelayFinding(
                    .notice,
                    .openWithoutTLS,
                    message,
                    "Let a firewall allow the trusted proxy there, and nobody else."
                )
            ]
        }
        return [
            RelayFinding(
                .warning,
                .openWithoutTLS,
                message,
                "Give --tls-certificate and --tls-key; or listen at 127.0.0.1 behind a proxy that speaks TLS, and name it with --trusted-proxy."
            )
        ]
    }

    private func findings(ofAdmin probes: Bool) -> [RelayFinding] {
        guard let admin else { return [] }
        let places: [Resolver.ResolvedAddress]
        do throws(RelayError) {
            places = try Resolver.places([admin])
        } catch {
            return [RelayFinding(.error, .cannotListen, error.description, error.advice)]
        }
        if probes, admin.port != 0, let own = try? Resolver.places(listen) {
            let taken = own.flatMap(\.addresses)
            let isTaken = places.flatMap(\.addresses).contains { address in
                taken.contains {
                    $0.port == address.port && ($0 == address || $0.isEvery(as: address) || address.isEvery(as: $0))
                }
            }
            if isTaken {
                let error = RelayError.cannotListen(host: admin.host ?? "*", port: admin.port, .addressInUse)
                return [
                    RelayFinding(
                        .error,
                        .cannotListen,
                        error.description,
                        "Give --admin another port than --listen."
                    )
                ]
            }
        }
        let found = probes ? Self.findings(ofPlaces: places) : []
        guard !places.allSatisfy({ $0.addresses.allSatisfy(\.isLoopback) }) else { return found }
        return found + [
            RelayFinding(
                .warning,
                .openAdmin,
                "The admin port at \(admin) is open to other machines, and asks for no password.",
                "Let it listen at 127.0.0.1, or let a firewall allow the operator's machines there, and nobody else."
            )
        ]
    }

    private func findings(ofCertificate now: Int64) -> [RelayFinding] {
        guard let certificate else { return [] }
        do throws(RelayError) {
            let loaded = try certificate.load()
            let own = loaded.chain[0]
            let facts = RelayFinding(
                .notice,
                .certificate,
                "\(certificate.certificate): the certificate is for \(own.namesText), until \(UTCDay.text(own.notAfter)).",
                "Devices must use one of these names for the relay."
            )
            return [facts]
                + loaded.warnings(now: now, authorities: MachineAuthorities.subjects()).map { warning in
                    let day = warning.day.map { " (\($0))" } ?? ""
                    let file = "\(warning.isAboutKey ? certificate.key : certificate.certificate)"
                    return RelayFinding(
                        warning.isWarning ? .warning : .notice,
                        .certificate,
                        "\(file): \(warning.message)\(day).",
                        warning.advice(file)
                    )
                }
        } catch {
            return [RelayFinding(.error, .badCertificate, error.description, error.advice)]
        }
    }

    private func findings(ofKeys: Void) -> [RelayFinding] {
        guard let keyFile else {
            return [
                RelayFinding(
                    .warning,
                    .noKeyFile,
                    "There is no key file, so devices can't come back to a relay that was started again.",
                    "Name a file with --key-file; the relay makes it."
                )
            ]
        }
        do throws(RelayError) {
            _ = try KeyFile.read(path: keyFile)
            return []
        } catch {
            guard error == .badKeyFile(path: keyFile.description, .file(.missing)) else {
                return [RelayFinding(.error, .badKeyFile, error.description, error.advice)]
            }
            guard access(keyFile.folder.cString, W_OK | X_OK) == 0 else {
                let problem: RelayError.KeyFileProblem =
                    errno == ENOENT || errno == ENOTDIR ? .noFolder : .folderForbidden
                let error = RelayError.badKeyFile(path: keyFile.description, problem)
                return [RelayFinding(.error, .badKeyFile, error.description, error.advice)]
            }
            return [
                RelayFinding(
                    .notice,
                    .keyFileNew,
                    "The key file \(keyFile) does not exist yet: the relay makes it at its start.",
                    "Nothing needs to be done."
                )
            ]
        }
    }

    private func findings(ofTrust: Void) -> [RelayFinding] {
        var found: [RelayFinding] = []
        if trustedProxies.blocks.contains(where: \.isTooWide) {
            found.append(
                RelayFinding(
                    .warning,
                    .trustsEverybody,
                    "--trusted-proxy believes far more addresses than proxies have, so strangers can make addresses up and no limit for one of them holds.",
                    "Name the addresses from which the proxies connect, as 127.0.0.1 or 10.0.0.0/24."
                )
            )
        }
        if trustedProxies.blocks.contains(where: { $0.isWide && !$0.isTooWide }) {
            found.append(
                RelayFinding(
                    .notice,
                    .trustsEverybody,
                    "--trusted-proxy believes a whole block of addresses: every machine in it can make up the addresses of devices.",
                    "If not only proxies are there, name their addresses."
                )
            )
        }
        for origin in allowedOrigins.sorted() where origin.hasPrefix("http://") && !Self.isLocal(origin) {
            found.append(
                RelayFinding(
                    .warning,
                    .plainOrigin,
                    "The origin \(origin) is a page without TLS: anybody on its way can change it, and use the relay as that page.",
                    "Serve the page by https."
                )
            )
        }
        return found
    }

    private static func isLocal(_ origin: String) -> Bool {
        let host = origin.dropFirst("http://".count)
        return ["localhost", "127.0.0.1", "[::1]"].contains { host == $0 || host.hasPrefix($0 + ":") }
            || host.prefix { $0 != ":" }.hasSuffix(".localhost")
    }
}

extension SocketAddress {
    /// Whether this stands for every address of the other one's kind.
    fileprivate func isEvery(as other: SocketAddress) -> Bool {
        self.protocol == other.protocol && (ipAddress == "0.0.0.0" || ipAddress == "::")
    }

    fileprivate var isLoopback: Bool {
        ipAddress.map { $0 == "::1" || $0.hasPrefix("127.") } ?? true
    }
}

extension CertificateWarning {
    fileprivate func advice(_ file: String) -> String {
        switch self {
        case .expired, .expiresSoon: "Renew it, and send the relay SIGHUP."
        case .notYetValid: "Look at this machine's clock, or wait."
        case .noNames, .notForServers, .mayNotSign: "Take a server's certificate with the relay's name in it."
        case .brokenChain: "Put the chain in order: the relay's own certificate, then each one's issuer."
        case .unknownIssuer:
            "With an authority of your own it is as it should be; else add the intermediate certificate."
        case .keyOpenToOthers: "Take their rights away: chmod 600 \(file)"
        case .keyOfAnotherUser: "Let it belong to root or to the relay's user: chown root \(file)"
        }
    }
}
