public import EasySetupHandshake
public import EasySetupPairingSession
public import EasySetupSeed

// One error of each kind, with made-up values. An app shows its screens with these errors, and its tests check that its
// table of texts has every key.

extension PairingError {
    /// One error of each code, cause and variant, with made-up values, for previews and for tests of an app's texts.
    /// Examples of the store's errors are in ``StoreError/examples``.
    public static let examples: [PairingError] = byRelay + byProxy + waiting + asked + plain

    private static let byRelay: [PairingError] =
        unreachable.map(relayUnreachable) + untrusted.map(relayUntrusted) + servers.map(notARelay)

    private static let byProxy: [PairingError] =
        proxies.map(proxyFailed) + [.proxyAddress(.unreadable), .proxyAddress(.kind("socks5"))]

    private static let waiting: [PairingError] = waits.flatMap { wait -> [PairingError] in
        [
            .relayFull(retryAfter: wait), .tooMany(retryAfter: wait), .draining(retryAfter: wait),
            .lineFull(retryAfter: wait),
        ]
    }

    private static let asked: [PairingError] = [Role.holder, .receiver].flatMap { role -> [PairingError] in
        [
            .declined(by: role), .declinedHere(role), .notConfirmed(role), .nobodyToAsk(role), .nobodyAsked(by: role),
            .timedOut(.thisUser(role)),
        ]
    }

    private static let plain: [PairingError] = [
        .relayVersion, .relayForgot, .workRefused, .relayMisbehaved, .connectionLost, .elsewhere, .noSuchCode,
        .expired, .codeBurnt, .codeKnown, .wrongCode, .triesSpent, .codesSpent, .seated, .cancelled,
        .cancelledHere, .wrongWord(isOther: false), .wrongWord(isOther: true), .timedOut(.otherDevice),
        .timedOut(.otherUser), .bothHold, .alreadyPaired, .bothReceive, .noSeedToGive, .linkDirection, .peerNotStored,
        .otherSeed,
        .sentNotConfirmed, .wrongSuite, .malformed, .fault,
    ]

    private static let waits: [Duration] = [.seconds(9), .zero]

    private static let unreachable: [Unreachable] = [
        .nameUnknown("relay.example"), .nameWithoutAddress("relay.example"), .nameLookup("relay.example"),
        .zoneUnknown("eth7"), .zoneMissing, .manyHosts, .refused, .noAnswer, .noRoute, .noNetwork, .cut, .noTLS,
        .tlsCut, .tlsMismatch, .clientCertificate, .tlsFailed, .forbiddenHere, .system(71), .unknown,
        .behindIsAway(status: 502, retryAfter: waits[0]), .behindIsAway(status: 502, retryAfter: waits[1]),
    ]

    private static let untrusted: [Untrusted] =
        dated + [
            .wrongName(host: "relay.example", names: ["other.example"]), .wrongName(host: "relay.example", names: []),
            .addressAsName(host: "192.0.2.7"), .noNames, .unknownAuthority(issuer: "An Authority"),
            .unknownAuthority(issuer: ""),
            .rootMissing(authority: "An Authority", issuer: "A Root"),
            .chainIncomplete(issuer: "An Authority"), .otherAuthority("An Authority"), .wrongUse, .selfSigned,
            .noAuthorities, .unfit, .unfitFrom(authority: "An Authority"),
        ] + Untrusted.FileFault.allCases.map { .authoritiesUnreadable(path: "/etc/authorities.pem", $0) }

    private static let dated: [Untrusted] = [
        Untrusted.ChainPart.own, .sent("An Authority"), .authority("An Authority"),
    ]
    .flatMap { part -> [Untrusted] in
        [
            .expired(at: 1_790_000_000, clock: 1_800_000_000, part: part),
            .notYetValid(from: 1_810_000_000, clock: 1_800_000_000, part: part),
        ]
    }

    private static let servers: [NotARelayCause] = [
        .web(status: 404), .notHTTP, .tls, .redirectsToTLS, .signIn, .forbidden(status: 403), .misdirected, .unknown,
    ]

    private static let proxies: [ProxyFailure] =
        unreachable.map(ProxyFailure.unreachable) + untrusted.map(ProxyFailure.untrusted) + [
            .credentials(given: true), .credentials(given: false), .otherCredentials(schemes: ["NTLM"]),
            .refuses(status: 403), .silent, .garbled, .cut,
            .reachesNothing(status: 502, retryAfter: waits[0]), .reachesNothing(status: 502, retryAfter: waits[1]),
        ]
}

extension StoreError {
    /// One error of each code, with made-up values, for previews and for tests of an app's texts. Examples of the
    /// errors of a stored seed are in ``SeedError/examples``.
    public static let examples: [StoreError] = {
        let ids = [SyncSeed.random().userID, SyncSeed.random().userID]
        return [
            .otherSeedStored(stored: ids[0], new: ids[1]), .openToOthers, .notOurs, .unfit, .missing, .forbidden,
            .readOnly, .full,
            .busy, .unsuitable(call: "fsync"), .failed(errno: 5), .membershipEnded, .membershipNotKept,
        ]
    }()
}

extension RelayAddressError {
    /// One error of each code and cause, for previews and for tests of an app's texts.
    public static let examples: [RelayAddressError] = [.unreadable, .scheme, .path, .user, .port, .notASCII, .plain]
}

extension CodeError {
    /// One error of each code, with made-up values, for previews and for tests of an app's texts.
    public static let examples: [CodeError] = [
        .wrongLength(8), .wrongLength(26), .notASymbol(position: 3), .foreignLetter(position: 3, script: .cyrillic),
        .containsU(position: 3), .hasLabel, .hasMore, .tooLong, .textUTF16, .textNotUTF8, .mistyped, .notASlot,
        .notALink, .severalLinks, .plainLink,
    ]
}

extension SeedError {
    /// One error of each code and variant, with made-up values, for previews and for tests of an app's texts.
    public static let examples: [SeedError] = [
        .wrongLength, .tooLong, .textUTF16, .textNotUTF8, .unreadable, .severalSeeds, .phraseWordCount(count: 23),
        .phraseWordCount(count: 12), .phraseWordCount(count: 27, isAmongText: true),
        .phraseUnknownWords([UnknownWord(position: 3), UnknownWord(position: 7, script: .cyrillic)]),
        .phraseNotEnglish(count: 24), .phraseChecksum, .linkVersion, .linkDamaged, .fileForeign, .fileVersion,
        .fileDamaged, .fileTooCostly, .fileHasMembership, .passphraseNeeded, .wrongPassphrase, .passphraseUnfit,
        .memoryShort,
        .derivedKeyRefused, .signatureRefused,
    ]
}
