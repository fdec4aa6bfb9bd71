extension SeedError {
    /// The error's texts for a person, in parts (templates and values). The texts are safe for a log, because they name
    /// a wrong word only by its position and hold no part of the input and no similar word.
    public var explanation: Explanation {
        switch kind {
        case .wrongLength: explained("A seed has 32 bytes, and this one has not.", "Copy the seed again, whole.")
        case .tooLong:
            explained("What was given is too long to be a seed.", "Give the seed alone, without anything around it.")
        case .textUTF16: explained("The text is in UTF-16.", "Save the text as UTF-8, or copy and paste it.")
        case .textNotUTF8: explained("The text is not in UTF-8.", "Save the text as UTF-8, or copy and paste it.")
        case .severalSeeds: explained("What was given holds more than one seed.", "Give one of them, alone.")
        case .unreadable:
            explained(
                "What was given is no recovery phrase, seed link, hex or base64 of a seed.",
                "Give 24 words, a link that begins with easysetup-seed:, 64 hex digits, or 44 characters of base64."
            )
        case .phraseWordCount(let count, isAmongText: true):
            explained(
                "No 24 words in a row of this text are a recovery phrase; the longest row of words of the list has {count}.",
                "Give the 24 words alone, without other text before, between and behind them.",
                variant: "among-text",
                ["count": "\(count)"]
            )
        case .phraseWordCount(let count, _) where [12, 15, 18, 21].contains(count):
            explained(
                "A recovery phrase has 24 words, and this one has {count}.",
                "Phrases of {count} words belong to other programs; look whether some of the 24 are missing.",
                variant: "of-other-programs",
                ["count": "\(count)"]
            )
        case .phraseWordCount(let count, _):
            explained(
                "A recovery phrase has 24 words, and this one has {count}.",
                "Look for words that are missing, doubled or run together.",
                ["count": "\(count)"]
            )
        case .phraseUnknownWords(let words): UnknownWord.explanation(of: words, key: name)
        case .phraseNotEnglish(let count):
            explained(
                "Most of the {count} words are not in the English word list.",
                "Give a phrase of 24 English words; those of other languages are not read.",
                ["count": "\(count)"]
            )
        case .phraseChecksum:
            explained(
                "Every word is in the list, but together they are no recovery phrase.",
                "Compare each word and the order with what is written down: one is another word of the list, or two are swapped."
            )
        case .linkVersion:
            explained(
                "The seed link is of a version that this program does not know.",
                "Use a newer version of this program."
            )
        case .linkDamaged:
            explained("The seed link is damaged.", "Copy the link again, whole, or scan its QR code again.")
        case .fileForeign: explained("The file is no seed file.", "Check which file was meant.")
        case .fileVersion:
            explained(
                "The seed file is of a version that this program does not know.",
                "Use a newer version of this program."
            )
        case .fileDamaged:
            explained("The seed file is damaged.", "Restore the file from a copy, or import the recovery phrase.")
        case .fileTooCostly:
            explained(
                "The seed file asks for more memory or work than any seed file should.",
                "Do not trust this file; import the recovery phrase instead."
            )
        case .fileHasMembership:
            explained(
                "The file has a membership, which is a part of a chain's collections, and no seed.",
                "Look for the seed on the device that gave the membership."
            )
        case .passphraseNeeded: explained("The seed file is sealed under a passphrase.", "Give the passphrase.")
        case .wrongPassphrase:
            explained(
                "The passphrase does not open the seed file.",
                "Try the passphrase again; without it, import the recovery phrase."
            )
        case .passphraseUnfit:
            explained(
                "The passphrase is empty or longer than 1,024 bytes.",
                "Choose a passphrase of 1 to 1,024 bytes."
            )
        case .memoryShort:
            explained(
                "There was not enough memory to work with the passphrase.",
                "Close other programs and try again."
            )
        case .derivedKeyRefused:
            explained(
                "No such key can be derived from a seed.",
                "Ask for 1 to 16,320 bytes, with an info that begins with easysetup/ and goes on, but not with chain/."
            )
        case .signatureRefused:
            explained(
                "The seed's key does not sign this message for an app, because it begins like one of the chain's own.",
                "Begin what is signed with a text of the app's own."
            )
        }
    }
}

extension SeedError.UnknownWord {
    /// The texts about wrong words of a phrase: one sentence about the words in plain letters, and one about the words
    /// of each other script. Each sentence has one parameter, which lists the positions of these words. Its name is
    /// `words` for plain letters, and else the script's name, such as `greek`.
    fileprivate static func explanation(of words: [Self], key: String) -> Explanation {
        let scripts: [Script?] = [nil] + Script.allCases
        var sentences: [String] = []
        var parameters: [Explanation.Parameter] = []
        for script in scripts {
            let positions = words.filter { $0.script == script }.map { String($0.position) }
            guard !positions.isEmpty else { continue }
            let name = script?.rawValue ?? "words"
            parameters.append(Explanation.Parameter(name: name, value: positions.joined(separator: ", ")))
            let isOne = positions.count == 1
            let subject = isOne ? "Word {\(name)}" : "Words {\(name)}"
            sentences.append(
                script.map { "\(subject) \(isOne ? "has" : "have") \($0.aCharacter) in \(isOne ? "it" : "them")." }
                    ?? "\(subject) \(isOne ? "is" : "are") not in the word list."
            )
        }
        var advice = "Compare each of them with what is written down, letter by letter."
        if words.contains(where: { $0.script != nil }) {
            advice += " Type the plain letters a to z: letters of other scripts can look the same."
        }
        return Explanation(key: key, sentence: sentences.joined(separator: " "), advice: advice, parameters: parameters)
    }
}
