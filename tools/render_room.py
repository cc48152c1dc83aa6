"""Render the room behind the sample people with Blender's Cycles: everything in it is made here, from boxes and lathes.

Needs an environment of its own: ``pip install bpy`` and then ``python tools/render_room.py room.png --size 1920x1080``.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Sequence
from pathlib import Path

import bpy
from mathutils import Vector

Colour = tuple[float, float, float]
BOOK_COLOURS: tuple[Colour, ...] = (
    (0.30, 0.07, 0.05),
    (0.05, 0.11, 0.16),
    (0.50, 0.36, 0.15),
    (0.08, 0.13, 0.08),
    (0.58, 0.52, 0.42),
    (0.16, 0.10, 0.07),
    (0.35, 0.16, 0.10),
    (0.12, 0.16, 0.22),
)


def material(
    name: str, colour: Colour, *, roughness: float = 0.7, grain: float = 0.0, glow: float = 0.0
) -> bpy.types.Material:
    """A surface of one colour; ``grain`` streaks it like wood or plaster, ``glow`` makes it a lamp."""
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    tree = made.node_tree
    surface = tree.nodes["Principled BSDF"]
    surface.inputs["Base Color"].default_value = (*colour, 1)
    surface.inputs["Roughness"].default_value = roughness
    if glow:
        surface.inputs["Emission Color"].default_value = (*colour, 1)
        surface.inputs["Emission Strength"].default_value = glow
    if grain:
        place = tree.nodes.new("ShaderNodeTexCoord")
        stretch = tree.nodes.new("ShaderNodeMapping")
        stretch.inputs["Scale"].default_value = (2, 14, 14)
        noise = tree.nodes.new("ShaderNodeTexNoise")
        noise.inputs["Scale"].default_value = 3
        noise.inputs["Detail"].default_value = 8
        ramp = tree.nodes.new("ShaderNodeMix")
        ramp.data_type = "RGBA"
        ramp.inputs["A"].default_value = (*(c * (1 - grain) for c in colour), 1)
        ramp.inputs["B"].default_value = (*(min(1.0, c * (1 + grain)) for c in colour), 1)
        tree.links.new(place.outputs["Object"], stretch.inputs[0])
        tree.links.new(stretch.outputs[0], noise.inputs["Vector"])
        tree.links.new(noise.outputs[0], ramp.inputs["Factor"])
        tree.links.new(ramp.outputs["Result"], surface.inputs["Base Color"])
    return made


def box(centre: Sequence[float], size: Sequence[float], skin: bpy.types.Material, *, tilt: float = 0.0) -> None:
    """A box with softened edges; ``tilt`` leans it sideways, in radians."""
    bpy.ops.mesh.primitive_cube_add(size=1, location=centre, rotation=(0, tilt, 0))
    made = bpy.context.object
    made.scale = size
    bpy.ops.object.transform_apply(location=False, rotation=False, scale=True)
    edge = made.modifiers.new("edge", "BEVEL")
    edge.width = min(size) * 0.08
    edge.segments = 2
    made.data.materials.append(skin)


def lathe(centre: Sequence[float], profile: Sequence[tuple[float, float]], skin: bpy.types.Material) -> None:
    """A round body from (radius, height) pairs, bottom first: vases, pots, lampshades."""
    sides = 48
    points = [
        (r * math.cos(2 * math.pi * i / sides), r * math.sin(2 * math.pi * i / sides), z)
        for r, z in profile
        for i in range(sides)
    ]
    faces = [
        (j * sides + i, j * sides + (i + 1) % sides, (j + 1) * sides + (i + 1) % sides, (j + 1) * sides + i)
        for j in range(len(profile) - 1)
        for i in range(sides)
    ]
    mesh = bpy.data.meshes.new("lathe")
    mesh.from_pydata(points, [], faces)
    mesh.polygons.foreach_set("use_smooth", [True] * len(faces))
    mesh.materials.append(skin)
    made = bpy.data.objects.new("lathe", mesh)
    made.location = centre
    bpy.context.collection.objects.link(made)


def leaf(root: Vector, direction: Vector, length: float, skin: bpy.types.Material) -> None:
    """One bent leaf from its stem outwards."""
    side = direction.cross(Vector((0, 0, 1))).normalized() * length * 0.16
    steps = 7
    points, faces = [], []
    for i in range(steps):
        t = i / (steps - 1)
        middle = root + direction * length * t - Vector((0, 0, length * 0.55 * t * t))
        half = side * (math.sin(math.pi * min(1.0, t * 0.92 + 0.06)) ** 0.8)
        points += [
            middle - half + Vector((0, 0, half.length * 0.35)),
            middle,
            middle + half + Vector((0, 0, half.length * 0.35)),
        ]
    for i in range(steps - 1):
        a = 3 * i
        faces += [(a, a + 1, a + 4, a + 3), (a + 1, a + 2, a + 5, a + 4)]
    mesh = bpy.data.meshes.new("leaf")
    mesh.from_pydata([tuple(p) for p in points], [], faces)
    mesh.polygons.foreach_set("use_smooth", [True] * len(faces))
    mesh.materials.append(skin)
    bpy.context.collection.objects.link(bpy.data.objects.new("leaf", mesh))


def plant(centre: Vector, dice: random.Random, *, leaves: int, length: float, skin: bpy.types.Material) -> None:
    """Leaves that fan out of one point."""
    for i in range(leaves):
        angle = 2.4 * i + dice.uniform(-0.3, 0.3)
        lift = dice.uniform(0.5, 2.2)
        direction = Vector((math.cos(angle), math.sin(angle), lift)).normalized()
        leaf(centre, direction, length * dice.uniform(0.6, 1.15), skin)


def bookcase(left: float, width: float, dice: random.Random) -> None:
    """Shelves against the back wall, filled unevenly with books, pots and gaps."""
    wood = material("oak", (0.30, 0.17, 0.085), roughness=0.45, grain=0.35)
    clay = material("clay", (0.45, 0.20, 0.12), roughness=0.6)
    white = material("glaze", (0.75, 0.72, 0.66), roughness=0.25)
    green = material("leaf", (0.06, 0.16, 0.05), roughness=0.4)
    skins = [material(f"book {i}", c, roughness=0.55, grain=0.15) for i, c in enumerate(BOOK_COLOURS)]
    heights = (0.42, 0.86, 1.30, 1.74, 2.18)
    for z in heights:
        box((left + width / 2, 1.82, z), (width, 0.34, 0.035), wood)
    for x in (left, left + width / 2, left + width):
        box((x, 1.82, 1.15), (0.035, 0.34, 2.1), wood)
    for shelf in heights[:-1]:
        for start in (left + 0.03, left + width / 2 + 0.03):
            x, end = start, start + width / 2 - 0.06
            while x < end - 0.07:
                roll = dice.random()
                if roll < 0.80:
                    thick, tall = dice.uniform(0.018, 0.05), dice.uniform(0.20, 0.34)
                    tilt = dice.uniform(0.08, 0.16) if dice.random() < 0.05 else 0.0
                    box(
                        (x + thick / 2 + tilt * 0.1, 1.80, shelf + 0.0175 + tall / 2),
                        (thick, 0.21, tall),
                        dice.choice(skins),
                        tilt=tilt,
                    )
                    x += thick + 0.003 + tilt * 0.3
                elif roll < 0.90 and end - x > 0.26:
                    pot = [(0.0, 0.0), (0.055, 0.0), (0.075, 0.06), (0.07, 0.12), (0.06, 0.13)]
                    lathe((x + 0.12, 1.78, shelf + 0.018), pot, dice.choice((clay, white)))
                    if dice.random() < 0.7:
                        plant(Vector((x + 0.12, 1.78, shelf + 0.13)), dice, leaves=16, length=0.19, skin=green)
                    x += 0.25
                else:
                    x += dice.uniform(0.03, 0.12)


def furnish(dice: random.Random) -> None:
    """The room: walls, floor, bookcase, two pictures, a floor lamp and a plant in the corner."""
    wall = material("plaster", (0.42, 0.45, 0.40), roughness=0.9, grain=0.05)
    floor = material("boards", (0.24, 0.14, 0.08), roughness=0.4, grain=0.35)
    frame = material("frame", (0.04, 0.035, 0.03), roughness=0.4)
    paper = material("paper", (0.72, 0.68, 0.60), roughness=0.8)
    brass = material("brass", (0.45, 0.30, 0.12), roughness=0.3)
    shade = material("shade", (1.0, 0.72, 0.42), glow=3.2)
    pot = material("pot", (0.62, 0.58, 0.52), roughness=0.5)
    green = material("big leaf", (0.045, 0.13, 0.045), roughness=0.35)
    box((0, 2.05, 1.4), (9, 0.1, 3.2), wall)
    box((0, 0, -0.05), (9, 9, 0.1), floor)
    box((0, 1.985, 0.06), (9, 0.03, 0.12), paper)
    bookcase(0.42, 1.9, dice)
    for x, z, w, h, tint in (
        (-0.62, 1.72, 0.46, 0.62, (0.50, 0.19, 0.09)),
        (-1.22, 1.62, 0.40, 0.40, (0.09, 0.20, 0.25)),
    ):
        box((x, 1.985, z), (w, 0.03, h), frame)
        box((x, 1.968, z), (w - 0.05, 0.01, h - 0.05), paper)
        colour = material("print", tint, roughness=0.8)
        lathe_size = min(w, h) * 0.27
        bpy.ops.mesh.primitive_cylinder_add(
            vertices=64, radius=lathe_size, depth=0.01, location=(x, 1.962, z + h * 0.06), rotation=(math.pi / 2, 0, 0)
        )
        bpy.context.object.data.materials.append(colour)
        box(
            (x, 1.960, z - h * 0.17),
            (w - 0.09, 0.008, h * 0.22),
            material("print low", tuple(c * 0.45 + 0.05 for c in tint), roughness=0.8),
        )
    lathe((-1.72, 1.55, 0.0), [(0.0, 0.0), (0.15, 0.0), (0.15, 0.02), (0.012, 0.04), (0.012, 1.45)], brass)
    lathe((-1.72, 1.55, 1.40), [(0.21, 0.0), (0.14, 0.28)], shade)
    lathe((-0.55, 1.62, 0.0), [(0.0, 0.0), (0.13, 0.0), (0.17, 0.30), (0.15, 0.32), (0.0, 0.31)], pot)
    plant(Vector((-0.55, 1.62, 0.34)), dice, leaves=30, length=0.62, skin=green)


def light() -> None:
    """A big soft window on the left, a weak fill, and what the lamp adds."""
    for name, place, aim, size, power, colour in (
        ("window", (-3.6, -0.6, 2.1), (0.6, 1.8, 1.0), 1.7, 150, (1.0, 0.93, 0.82)),
        ("fill", (2.8, -2.6, 2.3), (0, 1.8, 1.2), 2.4, 32, (0.80, 0.88, 1.0)),
        ("lamp", (-1.72, 1.35, 1.55), (-1.72, 2.0, 1.2), 0.2, 5, (1.0, 0.70, 0.40)),
    ):
        lamp = bpy.data.lights.new(name, "AREA")
        lamp.size, lamp.energy, lamp.color = size, power, colour
        made = bpy.data.objects.new(name, lamp)
        made.location = place
        made.rotation_euler = (Vector(aim) - Vector(place)).to_track_quat("-Z", "Y").to_euler()
        bpy.context.collection.objects.link(made)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--samples", type=int, default=96)
    parser.add_argument("--look-at", type=float, nargs=2, default=(-0.05, 1.32), metavar=("X", "Z"))
    parser.add_argument("--view", type=float, default=34.0, help="angle of view of the longer side, degrees")
    parser.add_argument("--seed", type=int, default=4)
    options = parser.parse_args()
    width, height = (int(v) for v in options.size.split("x"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    furnish(random.Random(options.seed))
    light()
    scene = bpy.context.scene
    lens = bpy.data.cameras.new("camera")
    lens.angle = math.radians(options.view)
    camera = bpy.data.objects.new("camera", lens)
    camera.location = (options.look_at[0] * 0.6, -2.4, 1.38)
    aim = Vector((options.look_at[0], 1.9, options.look_at[1]))
    camera.rotation_euler = (aim - camera.location).to_track_quat("-Z", "Y").to_euler()
    bpy.context.collection.objects.link(camera)
    scene.camera = camera
    scene.world = bpy.data.worlds.new("world")
    scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs[1].default_value = 0.12
    scene.render.engine = "CYCLES"
    scene.cycles.samples = options.samples
    scene.cycles.use_denoising = True
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.exposure = 0.5
    scene.view_settings.look = "AgX - Medium High Contrast"
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.render.filepath = str(options.out.resolve())
    bpy.ops.render.render(write_still=True)


if __name__ == "__main__":
    main()
