"""What an administrator does with a preset, one transaction each."""

from __future__ import annotations

from cms.audit.services import record
from cms.media import presets
from cms.media.models import ImagePreset


def switch(preset: ImagePreset, *, on: bool) -> None:
    """Let its files be made, or be removed when pictures are next worked on."""
    if preset.enabled != on:
        preset.enabled = on
        presets.tidy(preset)
        record("switch", preset, preset=preset.name, enabled=on)


def reset(preset: ImagePreset) -> None:
    """Let a shipped preset be as it came."""
    record("reset", preset, preset=preset.name)
    presets.reset(preset)
