"""What an administrator does with a preset, one transaction each."""

from __future__ import annotations

from cms.audit import values
from cms.audit.services import note, record
from cms.media import presets
from cms.media.models import ImagePreset


def switch(preset: ImagePreset, *, on: bool) -> None:
    """Let its files be made, or be removed when pictures are next worked on."""
    if preset.enabled != on:
        preset.enabled = on
        presets.tidy(preset)
        record("switch", preset, preset=preset.name, enabled=[not on, on])


def reset(preset: ImagePreset) -> None:
    """Let a shipped preset be as it came."""
    name, key, before = preset.name, preset.id, values.columns(preset)
    presets.reset(preset)
    shipped = presets.find(name)
    after = values.columns(shipped) if shipped else {}
    changes = values.differences(before, after)
    note("reset", ImagePreset.__tablename__, str(key), preset=name, **changes)
