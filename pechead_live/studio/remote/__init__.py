"""The other end of a studio's server: a machine that has the camera and wants the pictures."""
