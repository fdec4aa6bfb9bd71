import EasySetup
import EasySetupHandshake
import Synchronization

/// A gift for one pairing, of which the chain's store may have a note. What was given to nobody is taken back.
final class MadeGift: Sendable {
    let gift: Gift
    private let takeBack: (@Sendable () async -> Void)?
    /// Whether a person has said yes, so that the other device may have the gift.
    private let isApproved = Atomic(false)

    /// - Parameter takeBack: takes the note in the store back; nil where there is none.
    init(_ gift: Gift, takeBack: (@Sendable () async -> Void)? = nil) {
        self.gift = gift
        self.takeBack = takeBack
    }

    /// Asks a person, and notes a yes.
    func approve(_ request: ApprovalRequest, _ conversation: Conversation) async -> Approval {
        let approval = await conversation.approve(request)
        switch approval {
        // A word may be the right one.
        case .approve, .word: isApproved.store(true, ordering: .relaxed)
        default: break
        }
        return approval
    }

    /// Runs a pairing, and takes the gift back if the pairing ended before anybody said yes.
    func takenBackUnlessGiven(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch {
            await takeBackUnlessGiven()
            throw error
        }
    }

    /// Takes the gift back, within some seconds: the person has read why the pairing failed, and waits for the program's end. A
    /// note that stays does no harm.
    private func takeBackUnlessGiven() async {
        guard let takeBack, !isApproved.load(ordering: .relaxed) else { return }
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await takeBack() }
            tasks.addTask { try? await Task.sleep(for: Self.patience) }
            await tasks.next()
            tasks.cancelAll()
        }
    }

    private static let patience = Duration.seconds(5)
}
