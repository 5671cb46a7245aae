namespace Kvs.TestKit.Device;

/// <summary>Which of a device's coming calls fail, and how. Threading: guarded by the device's gate.</summary>
internal sealed class FaultPlan
{
    private readonly List<Rule> _rules = [];

    /// <summary>Faults that have struck so far.</summary>
    internal int Struck { get; private set; }

    /// <summary>Adds a fault.</summary>
    /// <param name="kinds">Which calls it counts.</param>
    /// <param name="fault">How the call fails.</param>
    /// <param name="nth">The call that fails, from 1 for the next one.</param>
    /// <param name="forGood">Whether all later ones fail too.</param>
    /// <param name="where">Which paths it counts; all when null.</param>
    internal void Add(CallKinds kinds, FaultKind fault, long nth, bool forGood, Predicate<string>? where) =>
        _rules.Add(new Rule(kinds, fault, nth, forGood, where));

    /// <summary>Takes all faults away.</summary>
    internal void Clear() => _rules.Clear();

    /// <summary>Counts a call and judges it.</summary>
    /// <param name="call">The call.</param>
    /// <returns>How it fails, or null.</returns>
    internal FaultKind? Judge(in DeviceCall call)
    {
        FaultKind? struck = null;
        foreach (var rule in _rules)
        {
            if (rule.Strikes(call))
            {
                struck ??= rule.Fault;
            }
        }

        if (struck == FaultKind.LyingSync && (call.Kind & (CallKinds.Sync | CallKinds.SyncDirectory)) == CallKinds.None)
        {
            return null;
        }

        Struck += struck is null ? 0 : 1;
        return struck;
    }

    private sealed class Rule(CallKinds kinds, FaultKind fault, long nth, bool forGood, Predicate<string>? where)
    {
        private long _seen;

        public FaultKind Fault => fault;

        public bool Strikes(in DeviceCall call)
        {
            if ((call.Kind & kinds) == CallKinds.None || where?.Invoke(call.Path) == false)
            {
                return false;
            }

            _seen++;
            return forGood ? _seen >= nth : _seen == nth;
        }
    }
}
