public import EasySetupRelay
public import EasySetupSeed

extension RelayError: ExplainedError {}
