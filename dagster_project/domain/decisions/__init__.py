"""Decisions: who meets what next. Care models propose; one policy chooses under all limits at once, and says why."""
