import EasySetupHandshake
public import EasySetupSeed

extension PairingError {
    /// The error's texts for a person, in parts.
    public var explanation: Explanation {
        let key = Explanation.Key(name, cause, proxysCauseCode?.rawValue)
        return switch kind {
        case .relayUnreachable(let cause): cause.explanation(of: "The relay", key: key)
        case .relayUntrusted(let cause): cause.explanation(of: .relay, key: key)
        case .notARelay(let cause): cause.explanation(key: key)
        case .proxyFailed(let cause): cause.explanation(key: key)
        case .proxyAddress(let cause): cause.explanation(key: key)
        case .relayVersion:
            explained(
                "The relay speaks another version of the protocol.",
                "Update this program, or choose another relay."
            )
        case .relayFull(let wait):
            explained("The relay has no room for another pairing.", "").advising(wait) { "\($0), then try again." }
        case .tooMany(let wait):
            explained("The relay has had too many tries from this network.", "").advising(wait) {
                "\($0), then try again."
            }
        case .draining(let wait):
            explained("The relay is about to stop and takes nothing new.", "").advising(wait) {
                "\($0), then try again."
            }
        case .relayForgot:
            explained(
                "The relay was restarted and has forgotten this pairing.",
                "Start again with a new code."
            )
        case .workRefused:
            explained(
                "The relay asks for more work than a device should do.",
                "Choose another relay, or try again much later."
            )
        case .relayMisbehaved:
            explained(
                "The relay broke the protocol.",
                "Choose another relay, or tell who runs this one."
            )
        case .connectionLost:
            explained(
                "The connection was lost and did not come back in time.",
                "Check this device's network, then start again."
            )
        case .elsewhere:
            explained(
                "This pairing was taken up by a newer connection.",
                "Look at the newer window."
            )
        case .noSuchCode:
            explained(
                "The relay knows no such code.",
                "Look at the device that shows the code: it may show a newer one. Both devices must use the same relay."
            )
        case .expired:
            explained(
                "The code's time is over.",
                "Show a new code on the other device and use that."
            )
        case .codeBurnt:
            explained(
                "The code was used up: by wrong tries, or because strangers came to it.",
                """
                Look at the other device: it says what happened, and shows a fresh code. If nobody mistyped, somebody else is \
                trying codes.
                """
            )
        case .codeKnown:
            explained(
                "The device that answered knew the code, but this program can't read how it introduced itself.",
                """
                Update the program on both devices and start again with a new code. If the other screen does not show this \
                device's name, somebody else knew the code: let nobody see the new one.
                """
            )
        case .wrongCode:
            explained(
                "The code is wrong.",
                "Compare the code with the one on the other screen and type it again."
            )
        case .triesSpent:
            explained(
                "This code was tried three times here.",
                "Show a new code on the other device and use that."
            )
        case .codesSpent:
            explained(
                "Three codes were shown, and none was used.",
                "Start again when the other device is at hand. If codes were used up, somebody may be trying them."
            )
        case .lineFull(let wait):
            explained("Too many devices wait at this code.", "").advising(wait) { "\($0), then type the code again." }
        case .seated:
            explained(
                "This code has been used already.",
                "If you used it yourself, show a new code on the other device. If not, look at that device, and say no there if it names a device that you don't know."
            )
        case .declined(by: .holder):
            explained(
                "The user of the other device said no; it sent nothing.",
                "If it was a slip, start again with a new code.",
                variant: "holder"
            )
        case .declined(by: .receiver):
            explained(
                "The user of the other device said no; it kept nothing.",
                """
                If it was a slip, start again with a new code. What you gave did reach that device before its user was asked: if \
                it is not yours, make a new seed, or remove the device from the chain if you gave it some collections alone.
                """,
                variant: "receiver"
            )
        case .declinedHere(.holder):
            explained(
                "You said no; nothing was sent.",
                "If you didn't know that device, start again with a new code that nobody else sees.",
                variant: "holder"
            )
        case .declinedHere(.receiver):
            explained(
                "You said no; nothing was kept.",
                "If you didn't know that device, start again with a new code that nobody else sees.",
                variant: "receiver"
            )
        case .notConfirmed(let role):
            explained(
                "You answered neither yes nor no; \(role.nothing).",
                "Start again with a new code, and give a clear answer.",
                variant: role.rawValue
            )
        case .nobodyToAsk(let role):
            explained(
                "Nobody could be asked on this device; \(role.nothing).",
                "Start again where a person can answer, or, on the device that shows the code, say yes beforehand.",
                variant: role.rawValue
            )
        case .nobodyAsked(by: let role):
            explained(
                "The other device could ask nobody; \(role == .holder ? "it sent nothing" : "it kept nothing").",
                "Start again there, where a person can answer.",
                variant: role.rawValue
            )
        case .cancelled:
            explained(
                "The other device stopped.",
                "Look at the other device; start again with a new code."
            )
        case .cancelledHere:
            explained(
                "You stopped.",
                "Start again when you like."
            )
        case .wrongWord(isOther: false):
            explained(
                "What you typed is not one of the two words on the other screen; nothing was sent.",
                "Start again with a new code, and type one of the words as that screen shows them."
            )
        case .wrongWord(isOther: true):
            explained(
                "You typed a word that belongs to another pairing; nothing was sent.",
                """
                Look whether the words came from the screen of the right device, and start again with a new code. If they did, \
                this device is not connected with that one: somebody may be in between.
                """,
                variant: "of-another-pairing"
            )
        case .timedOut(let silent):
            explained(silent.sentence, "Start again with both devices at hand.", variant: silent.variant)
        case .bothHold:
            explained(
                "Both devices hold a sync seed already, and the two seeds differ.",
                "To join one chain, remove the seed of the device that is to join, and start again."
            )
        case .alreadyPaired:
            explained(
                "These two devices are paired already: they hold the same sync seed.",
                "There is nothing to do, and nothing was sent."
            )
        case .bothReceive:
            explained(
                "Neither device holds a sync seed.",
                "Make a seed on one of them first, then start again."
            )
        case .noSeedToGive:
            explained(
                "This device has no seed to give.",
                "Only a device with the seed can add another. Show the code there."
            )
        case .linkDirection:
            explained(
                "A link only ever makes the device that opens it receive.",
                "On a device that holds a seed, type the code instead."
            )
        case .store(let error): error.explanation
        case .peerNotStored:
            explained(
                "The other device could not store what it got.",
                "Look at the other device, then start again."
            )
        case .otherSeed:
            explained(
                "The receiving device has come to be in another chain.",
                "Look at both devices: which chain should they be in?"
            )
        case .sentNotConfirmed:
            explained(
                "What you gave was sent, but the other device did not confirm it.",
                "Look at the other device: if it shows the same user id, all is well."
            )
        case .wrongSuite:
            explained(
                "The devices speak no common version of the handshake.",
                "Update the program on both devices."
            )
        case .malformed:
            explained(
                "The two devices did not understand each other.",
                "Update the program on both devices and start again with a new code."
            )
        case .fault:
            explained(
                "The other device failed.",
                "Look at the other device, then start again."
            )
        }
    }
}

extension PairingError.SilentParty {
    fileprivate var sentence: String {
        switch self {
        case .otherDevice: "The other device did not answer in time."
        case .otherUser: "Nobody answered on the other device in time."
        case .thisUser(let role): "Nobody answered on this device in time; \(role.nothing)."
        }
    }

    fileprivate var variant: String {
        switch self {
        case .otherDevice: "other-device"
        case .otherUser: "other-user"
        case .thisUser(let role): "this-user-\(role.rawValue)"
        }
    }
}

extension Role {
    /// The assurance that nothing was sent (by a holder) or stored (by a receiver); part of a sentence.
    fileprivate var nothing: String {
        switch self {
        case .holder: "nothing was sent"
        case .receiver: "nothing was kept"
        }
    }
}
