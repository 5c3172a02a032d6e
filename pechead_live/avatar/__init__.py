"""Avatars: a portrait prepared once, its file, and how it is made."""

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.file import open_avatar, save_avatar
from pechead_live.avatar.photo import read_photo
from pechead_live.avatar.prepare import prepare_avatar

__all__ = ["Avatar", "open_avatar", "prepare_avatar", "read_photo", "save_avatar"]
