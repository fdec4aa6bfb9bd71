import EasySetupSeed

/// The advice of errors in the words of this program: which command to run. The library's own advice names none, because
/// apps show it, too.
enum CommandAdvice {
    /// The advice by the key of the error's texts (`docs/texts.md`).
    static let texts: [String: String] = [
        "both-hold": """
        To join one chain, run easysetup seed remove on the device that is to join (a sealed copy is kept for 30 days), \
        and start again.
        """,
        "both-receive": "Run easysetup seed new on one of them, then start again.",
        "other-seed": "Run easysetup seed show on both devices: which chain should they be in?",
        "sent-not-confirmed": """
        Look at the other device, or run easysetup seed show there: if it shows the same user id, all is well.
        """,
        "link-direction": "On a device that holds a seed, run easysetup join and type the code instead.",
        "expired": "Show a new code on the other device (easysetup offer) and use that.",
        "tries-spent": "Show a new code on the other device (easysetup offer) and use that.",
        "other-seed-stored": """
        Keep what is stored, name another store with --store, or run easysetup seed replace, which keeps a sealed copy of \
        the old seed for 30 days.
        """,
        "seed-file-damaged": """
        Run easysetup seed replace with the recovery phrase; the damaged file is kept as a copy. Or restore the file from \
        a backup.
        """,
        "passphrase-needed":
            "Run it on a terminal, which asks for the passphrase, or name a file with --passphrase-file.",
        "wrong-passphrase":
            "Try the passphrase again; without it, run easysetup seed replace with the recovery phrase.",
        "not-held": """
        Do it on a device that has the seed. A device that was given some collections asks for others by easysetup chain \
        requests --ask.
        """,
        "chain-full": """
        Run easysetup chain compact, or easysetup chain delete-collection with one that is not needed, and do it again ten \
        minutes later.
        """,
        "chain-missing": """
        If another device has deleted the chain, run easysetup seed remove. Otherwise name the store where it is \
        (easysetup config shows it), or pass --new-chain to begin the chain anew here.
        """,
        "object-missing": "Run easysetup chain list, and with a collection for its objects, to see what is there.",
        "plain-link": "Use a relay with TLS, or pass --allow-plain on a network of your own.",
        "relay-plain": "Use wss, or pass --allow-plain on a network of your own.",
    ]

    /// The advice of errors about a value that `easysetup config` is to keep, by the error's name: that command has no
    /// other command's options.
    static let settings: [String: String] = [
        "relay-plain": "Use wss, or first run easysetup config allow-plain yes, on a network of your own."
    ]
}

extension ExplainedError {
    /// The advice for a person at this program: the program's own where it has one, otherwise the error's.
    var commandAdvice: String {
        CommandAdvice.texts[(self as? any Explained)?.explanation.key ?? name] ?? advice
    }
}
